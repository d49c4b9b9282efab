// Requests to the gateway that serves this page. The token came behind the # of the address, which no
// request and no log has; it is kept for this tab, and taken off the address.

const key = 'busbar-token';

/** Takes the token from the address, if it is there. */
export function takeToken(): void {
  const [, token] = /[#&]token=([\x21-\x7e]+)/.exec(location.hash) ?? [];
  if (token === undefined) return;
  sessionStorage.setItem(key, decodeURIComponent(token));
  history.replaceState(null, '', location.pathname);
}

/** Whether there is a token. */
export function hasToken(): boolean {
  return (sessionStorage.getItem(key) ?? '') !== '';
}

/** Uses another token from now on. */
export function setToken(token: string): void {
  sessionStorage.setItem(key, token);
}

/** What the gateway says about a request that failed. */
export class RequestError extends Error {
  readonly code: string;
  readonly status: number;
  readonly data: unknown;

  constructor(status: number, code: string, message: string, data: unknown) {
    super(message);
    this.status = status;
    this.code = code;
    this.data = data;
  }
}

/** A request with the token. Rejects with a {@link RequestError}. */
export async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set('authorization', `Bearer ${sessionStorage.getItem(key) ?? ''}`);
  const answer = await fetch(path, { ...init, headers });
  if (answer.ok) return answer;
  const told = (await answer.json().catch(() => ({}))) as Record<string, unknown>;
  const { code = 'UNKNOWN', message = `status ${answer.status}`, data } = told;
  throw new RequestError(answer.status, String(code), String(message), data);
}

/** The values of an answer with one JSON in each line, as they come. */
export async function* linesOf(answer: Response): AsyncGenerator<unknown, void, undefined> {
  if (answer.body === null) return;
  const reader = answer.body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      text += decoder.decode(value, { stream: true });
      const lines = text.split('\n');
      text = lines.pop() ?? '';
      for (const line of lines) yield JSON.parse(line);
    }
  } finally {
    reader.cancel().catch(() => undefined);
  }
}
