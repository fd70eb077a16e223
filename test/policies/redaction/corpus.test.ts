import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { redact } from '../../../policies/redaction/redact.ts';

/** Ordinary log lines that lie beside the clone where there are any. They are not ours, and not in the repository. */
const file = join(import.meta.dirname, '..', '..', '..', '..', 'shared', 'corpora', 'benign-logs-dev.jsonl');
const isThere = existsSync(file);
if (!isThere) process.stdout.write('skipped: no ordinary logs at ../shared/corpora\n');

describe('ordinary logs', () => {
  it.skipIf(!isThere)('are changed only where they hold a password, a token or the id of a session', () => {
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    const changed = lines.flatMap((line) => {
      const { text } = JSON.parse(line) as { text: string };
      return redact(text).kinds.length > 0 ? [text] : [];
    });
    process.stdout.write(`${changed.length} of ${lines.length} ordinary texts changed\n`);
    expect(lines.length).toBeGreaterThan(1_000);
    expect(changed.length).toBeLessThanOrEqual(lines.length / 100);
    const holds = /SessionID="[\w-]{36}|eyJ[\w-]+\.eyJ|with password "|password: \S|[?&]auth=[0-9a-f]{32}/;
    expect(changed.filter((text) => !holds.test(text))).toEqual([]);
  });
});
