import { type Held, holdFor, type Rogue, startRogue } from './rogue.ts';
import { type Stuck, startStuck } from './stuck.ts';
import { type System, type SystemOptions, startSystem } from './system.ts';

/** A hold that is ready to be released, under an orchestrator that was taken over, and the session that it would end. */
export type Scene = {
  readonly system: System;
  readonly rogue: Rogue;
  readonly stuck: Stuck;
  readonly held: Held;
  stop(): Promise<void>;
};

/** A scene in a system that runs; its `stop` leaves the system. */
export async function sceneIn(system: System): Promise<Scene> {
  const open: { stop(): Promise<void> }[] = [];
  const stop = async () => {
    for (const one of open.splice(0).reverse()) await one.stop();
  };
  try {
    const rogue = await startRogue(system);
    open.push(rogue);
    const stuck = await startStuck(system.payments);
    open.push(stuck);
    return { system, rogue, stuck, held: await holdFor(system, rogue, stuck.pid), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A scene with a system of its own: the recorder and the executor, with nobody honest between them. */
export async function sceneOf(options: SystemOptions = {}): Promise<Scene> {
  const system = await startSystem({ only: ['recorder', 'executor', 'broker'], ...options });
  try {
    const scene = await sceneIn(system);
    const stop = () => scene.stop().finally(() => system.stop());
    return { ...scene, stop };
  } catch (error) {
    await system.stop();
    throw error;
  }
}
