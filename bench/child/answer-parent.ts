export type Asked = { readonly id: number; readonly question: string; readonly about: object };
export type Answer = { readonly id: number } & ({ readonly value: unknown } | { readonly error: string });

/**
 * The child's side: answers each question by the function of its name. When the parent closes the channel, or is gone,
 * `stop` runs and the process ends.
 */
export function answerParent(
  answers: Readonly<Record<string, (about: never) => Promise<unknown>>>,
  stop: () => Promise<void>,
): void {
  process.on('message', (raw) => {
    const { id, question, about } = raw as Asked;
    answer(answers[question], about).then(
      (value) => process.send?.({ id, value: value ?? null }),
      (error: unknown) => process.send?.({ id, error: error instanceof Error ? error.message : String(error) }),
    );
  });
  process.once('disconnect', () => {
    void stop().finally(() => process.exit(0));
  });
}

async function answer(by: ((about: never) => Promise<unknown>) | undefined, about: object): Promise<unknown> {
  if (by === undefined) throw new Error('expected a question that this process knows');
  return by(about as never);
}
