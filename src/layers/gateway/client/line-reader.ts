// Reads the lines of JSON of an answer, one at a time, and no faster than they are wanted.

/** The lines of an answer. */
export async function* linesIn(answer: Response): AsyncGenerator<unknown, void, undefined> {
  if (answer.body === null) return;
  const reader = answer.body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      text += decoder.decode(value as Uint8Array, { stream: true });
      const lines = text.split('\n');
      text = lines.pop() ?? '';
      for (const line of lines) yield JSON.parse(line);
    }
  } finally {
    // Whoever leaves before the end ends the answer at the gateway.
    await reader.cancel().catch(() => undefined);
  }
}
