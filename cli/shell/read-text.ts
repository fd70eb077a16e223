import { open } from 'node:fs/promises';
import { visible } from '../../policies/visible.ts';
import { Refusal } from './refusal.ts';

export const textBytesMax = 1_048_576;

/**
 * A file as the text whose UTF-8 bytes it is: what is hashed is what was read. At most `textBytesMax` bytes are read, also
 * of a file that has no end. Throws `Refusal` NOT_FOUND, TOO_LARGE, or BAD_INPUT for bytes that are no UTF-8.
 */
export async function readText(file: string): Promise<string> {
  const shown = visible(file, 300);
  const handle = await open(file, 'r').catch(() => null);
  if (handle === null) throw new Refusal('NOT_FOUND', `no file \`${shown}\``, 'name a file that can be read');
  try {
    const pieces: Buffer[] = [];
    let bytes = 0;
    for await (const piece of handle.createReadStream({ autoClose: false, end: textBytesMax })) {
      pieces.push(piece as Buffer);
      bytes += (piece as Buffer).byteLength;
    }
    if (bytes > textBytesMax)
      throw new Refusal('TOO_LARGE', `\`${shown}\`: expected at most ${textBytesMax} bytes`, 'name a smaller file');
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(pieces));
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal('BAD_INPUT', `\`${shown}\`: expected a file of UTF-8 text`, 'name a file that can be read');
  } finally {
    await handle.close();
  }
}
