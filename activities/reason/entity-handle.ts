import { z } from 'zod';
import type { ReadResult } from '../../contracts/evidence.ts';

/** How a model is told of an entity, and names it: its place in its result. An id is outside text, and begins otherwise. */
export const EntityHandle = z.string().regex(/^#(?:0|[1-9]\d{0,3})$/);

export const handleOf = (place: number): string => `#${place}`;

/** The id of the entity at this place; null when there is no such place. */
export const idByHandle = (handle: string, result: ReadResult | undefined): string | null =>
  result?.entities[Number(handle.slice(1))]?.id ?? null;
