const alreadyExists = 6; // google.rpc.Code
const notFound = 5;

const grpcCodeOf = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
const detailsOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'details' in error ? String(error.details) : '';

/** The server refused a start: a run with this workflow id exists, or existed within the namespace's retention. */
export const isAlreadyStarted = (error: unknown): boolean => grpcCodeOf(error) === alreadyExists;

/** The server knows no such open run. A namespace it does not know is a failure of ours, not an answer. */
export const isNotFound = (error: unknown): boolean =>
  grpcCodeOf(error) === notFound && !/^namespace\b/i.test(detailsOf(error));
