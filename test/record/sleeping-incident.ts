import { condition, defineQuery, defineSignal, setHandler } from '@temporalio/workflow';

export const noteSignal = defineSignal<[{ kind: string }]>('note');
export const closeSignal = defineSignal('close');
export const notesQuery = defineQuery<string[]>('notes');

/** The least that the recorder looks at from outside: a run that takes notes and ends when told. */
export async function incident(): Promise<void> {
  const notes: string[] = [];
  let closed = false;
  setHandler(noteSignal, ({ kind }) => void notes.push(kind));
  setHandler(closeSignal, () => {
    closed = true;
  });
  setHandler(notesQuery, () => notes);
  await condition(() => closed);
}
