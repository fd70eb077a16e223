import type { V1ObjectMeta } from '@kubernetes/client-node';
import type { JsonObject, JsonValue } from '../../../contracts/values.ts';
import type { Aim } from '../implement.ts';
import { annotationOf, marks } from './facts.ts';

/** Of a JSON patch (RFC 6902): the API server applies all of them to one state of the object, or none. */
export type Operation = {
  readonly op: 'test' | 'add' | 'replace';
  readonly path: string;
  readonly value: JsonValue;
};

export const fieldManager = 'holdpoint';

/** What the request itself demands of the object: a moved world fails the first of these, and nothing is changed. */
export const mustBe = (path: string, value: JsonValue): Operation => ({ op: 'test', path, value });
export const set = (path: string, value: JsonValue): Operation => ({ op: 'add', path, value });

/** A key as a part of a JSON pointer (RFC 6901). */
const pointer = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');

/**
 * Sets annotations at `path`, where `present` are those that are there now. Where none are, the map is made, which is safe
 * only because `mustBe` has pinned what it would replace.
 */
export const annotate = (path: string, present: object | undefined, added: JsonObject): readonly Operation[] => [
  ...(present === undefined ? [set(path, {})] : []),
  ...Object.entries(added).map(([key, value]) => set(`${path}/${pointer(key)}`, value)),
];

/** The object's own word on who changed it last, and for what: action and incident. */
export function markWith(
  metadata: V1ObjectMeta | undefined,
  { mark }: Aim,
  more: JsonObject = {},
): readonly Operation[] {
  const added = { [marks.action]: mark.digest, [marks.incident]: mark.incident, ...more };
  const present = metadata?.annotations;
  // Annotations are not part of the specification, so without any there is nothing else that pins their absence.
  const pinned = present === undefined ? [mustBe('/metadata/resourceVersion', metadata?.resourceVersion ?? '')] : [];
  return [...pinned, ...annotate('/metadata/annotations', present, added)];
}

export const bearsMark = (metadata: V1ObjectMeta | undefined, { mark }: Aim): boolean =>
  annotationOf(metadata, marks.action) === mark.digest;
