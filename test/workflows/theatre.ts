import { freshNamespace, sharedTemporal } from '../support/temporal.ts';
import { openTheatreAt, type Theatre } from './open-theatre.ts';

export {
  alert,
  alertOf,
  eventually,
  type Governor,
  held,
  type Incident,
  startWorkers,
  stateOf,
  type Theatre,
  timeline,
} from './open-theatre.ts';

/** A theatre on the run's shared server, in a namespace of its own. */
export const openTheatre = async (): Promise<Theatre> =>
  openTheatreAt(sharedTemporal().address, await freshNamespace());
