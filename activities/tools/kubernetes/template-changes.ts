import { isDeepStrictEqual } from 'node:util';
import type { V1Container, V1PodTemplateSpec } from '@kubernetes/client-node';
import { restartMark } from './deployment-patching.ts';

const plainImage = /^[A-Za-z0-9][A-Za-z0-9_./:@-]{0,254}$/;
/** The API server takes any text for an image; people are shown one that can be one. */
const shownImage = (image: string | undefined): string =>
  image !== undefined && plainImage.test(image) ? image : 'an image without a plain name';

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value ?? null));
const isSame = (a: unknown, b: unknown): boolean => isDeepStrictEqual(plain(a), plain(b));
/** Parts of a container of which only is said that they change: their values may be secret. */
const unshown = { env: 'variables', envFrom: 'variables', command: 'command', args: 'arguments' } as const;

/** What a change of template changes, in lines that hold no value of a variable and no command. */
export function templateChanges(before: V1PodTemplateSpec | undefined, after: V1PodTemplateSpec | undefined): string[] {
  const was = new Map((before?.spec?.containers ?? []).map((container) => [container.name, container]));
  const is = new Map((after?.spec?.containers ?? []).map((container) => [container.name, container]));
  const gone = [...was.keys()].filter((name) => !is.has(name)).map((name) => `container ${name} is taken out`);
  const lines = [...is].flatMap(([name, container]) => containerChanges(name, was.get(name), container));
  const others = isSame(rest(before), rest(after)) ? [] : ['other parts of the pod template change'];
  return [...gone, ...lines, ...others];
}

function containerChanges(name: string, was: V1Container | undefined, is: V1Container): string[] {
  if (was === undefined) return [`container ${name} is added, with image ${shownImage(is.image)}`];
  const lines: string[] = [];
  if (was.image !== is.image)
    lines.push(`container ${name}: image ${shownImage(was.image)} becomes ${shownImage(is.image)}`);
  if (!isSame(was.resources, is.resources)) lines.push(`container ${name}: requests or limits change`);
  const parts = Object.entries(unshown).filter(([part]) => !isSame(was[part as 'env'], is[part as 'env']));
  for (const what of new Set(parts.map(([, word]) => word))) lines.push(`container ${name}: ${what} change, not shown`);
  const seen = { image: null, resources: null, env: null, envFrom: null, command: null, args: null };
  if (!isSame({ ...was, ...seen }, { ...is, ...seen })) lines.push(`container ${name}: other settings change`);
  return lines;
}

function rest(template: V1PodTemplateSpec | undefined): unknown {
  const { [restartMark]: _ours, ...annotations } = template?.metadata?.annotations ?? {};
  return { labels: template?.metadata?.labels, annotations, spec: { ...template?.spec, containers: null } };
}
