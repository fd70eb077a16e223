import { watch } from 'node:fs';
import type { ManifestFile } from '../../contracts/manifest.ts';
import { showError } from '../shell/refusal.ts';

const quietMs = 300;

export type Reload = {
  readonly dirs: readonly string[];
  /** Reads the files and signs the next manifest from them. */
  readonly publish: () => Promise<ManifestFile>;
  readonly published: (file: ManifestFile) => Promise<void>;
  readonly log: (line: string) => void;
};

/** Signs a new manifest whenever a runbook or another part of it changes, once the editor is done with it. A bad file changes nothing. */
export function watchRunbooks({ dirs, publish, published, log }: Reload): { stop(): void } {
  let timer: NodeJS.Timeout | undefined;
  // One after the other: two at once would sign two manifests under one version.
  let queue = Promise.resolve();
  const reload = async (): Promise<void> => {
    try {
      await published(await publish());
    } catch (error) {
      const { code, message } = showError(error);
      log(`not reloaded: ${code}: ${message}`);
    }
  };
  const changed = (name: string | null): void => {
    if (name !== null && !/\.(ya?ml|cedar)$/.test(name)) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      queue = queue.then(reload);
    }, quietMs);
  };
  const watchers = dirs.map((dir) => watch(dir, (_event, name) => changed(name)));
  return {
    stop: () => {
      clearTimeout(timer);
      for (const watcher of watchers) watcher.close();
    },
  };
}
