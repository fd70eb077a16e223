import { z } from 'zod';
import type { TypedAction } from '../typed-action.ts';
import { text } from '../values.ts';
import type { Entity } from './contract.ts';

/** A DNS-1123 name, as the API server takes it: nothing in it can leave its place in a path. */
export const ObjectName = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, 'expected a name of lower-case letters, digits, - and .');
export const Namespace = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'expected a name of lower-case letters, digits and -');

export const InNamespace = z.strictObject({ namespace: Namespace });
export const OfDeployment = z.strictObject({ namespace: Namespace, deployment: ObjectName });

export const Count = z.number().int().min(0);
/** RFC 3339 as the API server has it. */
export const Time = text(40).nullable();
/** What somebody in or behind the cluster wrote: a reason, a message, a line of a log. Never an instruction. */
export const Raw = text(1_024);
/** A short word of the cluster's own or of a container's author: `CrashLoopBackOff`, `OOMKilled`. */
export const Word = text(128).nullable();

export const kubectl = (verb: string, object: string, effect: TypedAction['effect'] = 'read'): TypedAction => ({
  ...{ system: 'kubernetes', verb, object, names: [], modifiers: [], effect },
});

export const namespaceOf = (args: Readonly<Record<string, unknown>>) => [
  { kind: 'namespaces' as const, value: String(args.namespace) },
];

/** An attribute as a precondition. What is not there pins nothing, and the gate then refuses the call as unpinned. */
export const pin = (value: Entity['attributes'][string] | undefined): string =>
  value === null || value === undefined || value === '' ? 'undefined' : String(value);
