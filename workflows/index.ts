export { governor } from './governor.ts';
export { incident } from './incident.ts';
