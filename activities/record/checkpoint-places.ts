import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CheckpointHook, CheckpointsConfig, PinnedKeys } from '../../contracts/config.ts';
import { HoldpointError } from '../../contracts/errors.ts';
import { deliver } from '../notify/deliver.ts';
import { signedDelivery, webhookOf } from '../notify/webhook.ts';
import { damaged } from './chain.ts';
import type { Checkpoint } from './checkpoint.ts';
import { putFile } from './durable-file.ts';
import { openPublished } from './published.ts';

/** Where checkpoints are kept beside the archive. */
export type CheckpointPlace = {
  /** As people read it in a message: it names no secret. */
  readonly name: string;
  /** The newest that is there, by its own word where it has one. Throws `RECORD_DAMAGED` for what the recorder did not sign. */
  newest(): Promise<Checkpoint | null>;
  /** Keeps one more. Throws `STORE_AWAY` when it did not take it. */
  keep(checkpoint: Checkpoint, text: string): Promise<void>;
};

const nameForm = /^checkpoint-[0-9]{12}\.txt$/;
const nameOf = (size: number): string => `checkpoint-${String(size).padStart(12, '0')}.txt`;

/** The places that the configuration names. Makes the folder where it is not there yet. */
export async function openPlaces(
  { dir }: CheckpointsConfig,
  hook: CheckpointHook | undefined,
  keys: PinnedKeys,
): Promise<readonly CheckpointPlace[]> {
  const places: CheckpointPlace[] = [];
  if (dir !== undefined) places.push(await openFolder(dir, keys));
  if (hook !== undefined) places.push(openHook(hook));
  return places;
}

async function openFolder(dir: string, keys: PinnedKeys): Promise<CheckpointPlace> {
  await mkdir(join(dir, 'temporary'), { recursive: true });
  const read = async (name: string): Promise<Checkpoint> => {
    const object = join(dir, name);
    try {
      return openPublished(await readFile(object, 'utf8'), keys).checkpoint;
    } catch (error) {
      throw damaged(object, error instanceof Error ? error.message : 'cannot be read');
    }
  };
  return {
    name: dir,
    async newest() {
      const last = (await readdir(dir))
        .filter((name) => nameForm.test(name))
        .sort()
        .at(-1);
      return last === undefined ? null : read(last);
    },
    async keep({ size, root }, text) {
      const name = nameOf(size);
      const put = await putFile(join(dir, name), join(dir, 'temporary'), Buffer.from(text, 'utf8'));
      if (put === 'exists' && !(await read(name)).root.equals(root))
        throw damaged(join(dir, name), 'is a checkpoint over as many records of another log');
    },
  };
}

/** A receiver says nothing of what it has: what it took since this process began is all that is known. */
function openHook({ url, secret }: CheckpointHook): CheckpointPlace {
  const webhook = webhookOf(secret);
  let taken: Checkpoint | null = null;
  return {
    name: 'webhook',
    newest: async () => taken,
    async keep(checkpoint, text) {
      const id = `msg_checkpoint_${checkpoint.size}_${checkpoint.root.toString('hex').slice(0, 16)}`;
      const body = JSON.stringify({ type: 'holdpoint.checkpoint', size: checkpoint.size, published: text });
      const fault = await deliver(signedDelivery(webhook, { url, id, body }), () => {});
      if (fault !== null)
        throw new HoldpointError('STORE_AWAY', `checkpoints: the webhook did not take one (${fault})`);
      taken = checkpoint;
    },
  };
}
