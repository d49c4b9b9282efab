// The end of a finished segment, read from behind: positions and time as it states them itself.
import type { JournalFile, JournalFiles } from './files.js';
import { dataEndBytes, footerBytes, magic, opcode, rangeBytes, recordHead } from './format.js';
import { MalformedError, safeInteger, viewOf } from './record-bytes.js';

/** What a finished segment states about itself; `undefined` if it is not finished. */
export async function finishedEnd(
  files: JournalFiles,
  path: string,
): Promise<{ first: number; next: number; endTime: bigint } | undefined> {
  const file = await files.open(path, 'read');
  try {
    const size = await file.size();
    const footer = await piece(file, size - footerBytes, footerBytes);
    if (footer === undefined || footer.getUint8(0) !== opcode.footer) return undefined;
    const isMagic = (byte: number, index: number) =>
      footer.getUint8(recordHead + 20 + index) === byte;
    if (!magic.every(isMagic)) return undefined;
    const dataEnd = safeInteger(footer, recordHead) - dataEndBytes;
    const range = await piece(file, dataEnd - rangeBytes, rangeBytes + dataEndBytes);
    if (range === undefined || range.getUint8(0) !== opcode.range) return undefined;
    if (range.getUint8(rangeBytes) !== opcode.dataEnd) return undefined;
    return {
      first: safeInteger(range, recordHead),
      next: safeInteger(range, recordHead + 8),
      endTime: range.getBigUint64(recordHead + 16, true),
    };
  } catch (error) {
    if (error instanceof MalformedError) return undefined;
    throw error;
  } finally {
    await file.close();
  }
}

async function piece(
  file: JournalFile,
  position: number,
  length: number,
): Promise<DataView | undefined> {
  if (!(position >= 0)) return undefined;
  const bytes = new Uint8Array(length);
  return (await file.read(bytes, position)) === length ? viewOf(bytes) : undefined;
}
