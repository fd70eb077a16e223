export type Line = { readonly kind: 'line'; readonly text: string } | { readonly kind: 'too-long' };

const newline = 0x0a;

/**
 * Lines of a stream, split at newlines only: `node:readline` also splits at U+2028, which JSON may hold unescaped. A line
 * longer than `bytesMax` is not kept, and comes out as `too-long` in its turn.
 */
export async function* linesOf(input: NodeJS.ReadableStream, bytesMax: number): AsyncGenerator<Line> {
  let held: Buffer[] = [];
  let bytes = 0;
  const take = (): Line => {
    const line: Line =
      bytes > bytesMax
        ? { kind: 'too-long' }
        : { kind: 'line', text: Buffer.concat(held).toString('utf8').replace(/\r$/, '') };
    held = [];
    bytes = 0;
    return line;
  };
  const keep = (piece: Buffer): void => {
    bytes += piece.byteLength;
    if (bytes <= bytesMax) held.push(piece);
    else held = [];
  };
  for await (const chunk of input) {
    let rest = typeof chunk === 'string' ? Buffer.from(chunk, 'utf8') : (chunk as Buffer);
    for (let at = rest.indexOf(newline); at !== -1; at = rest.indexOf(newline)) {
      keep(rest.subarray(0, at));
      yield take();
      rest = rest.subarray(at + 1);
    }
    keep(rest);
  }
  if (bytes > 0) yield take();
}
