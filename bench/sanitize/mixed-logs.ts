/** The sequence of a small generator: the same text in every run. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const hex = (next: () => number, size: number): string =>
  Array.from({ length: size }, () => Math.floor(next() * 16).toString(16)).join('');
const whole = (next: () => number, max: number): number => Math.floor(next() * max);
const two = (value: number): string => String(value).padStart(2, '0');

/** One line of each form in turn, with the parts varied that vary in real ones. */
function lineOf(at: number, next: () => number): string {
  const clock = `${two(10 + whole(next, 10))}:${two(whole(next, 60))}:${two(whole(next, 60))}`;
  const address = `10.${whole(next, 255)}.${whole(next, 255)}.${whole(next, 255)}`;
  const pod = `payments-api-${hex(next, 10)}-${hex(next, 5)}`;
  switch (at % 8) {
    case 0:
      return `{"ts":"2026-03-07T${clock}.123Z","level":"info","msg":"request done","path":"/v1/orders/${whole(next, 90_000)}","ms":${whole(next, 900)},"trace":"${hex(next, 32)}"}`;
    case 1:
      return `time=2026-03-07T${clock}Z level=warn msg="retrying connection to ${address}:5432" attempt=${whole(next, 9)} pod=${pod}`;
    case 2:
      return `I0307 ${clock}.${100_000 + whole(next, 800_000)}       1 reconciler.go:224] "Reconciled" pod="prod/${pod}" took="${whole(next, 90)}ms"`;
    case 3:
      return `${address} - - [07/Mar/2026:${clock} +0000] "GET /v1/orders/${whole(next, 90_000)} HTTP/1.1" 200 ${whole(next, 90_000)} "-" "curl/8.5.0"`;
    case 4:
      return `Mar  7 ${clock} node-${whole(next, 40)} kubelet[${whole(next, 9_000)}]: deleting pod ${pod}, previous state ignored by system: user request`;
    case 5:
      return `2026-03-07 ${clock}.123 UTC [${whole(next, 9_000)}] ERROR:  canceling statement due to lock timeout at character ${whole(next, 90)}`;
    case 6:
      return `2026-03-07T${clock}.123456789Z stdout F worker ${whole(next, 40)} handled batch ${hex(next, 8)}-${hex(next, 4)} in ${whole(next, 900)} ms`;
    default:
      return `\tat com.example.orders.OrderService.load(OrderService.java:${whole(next, 900)}) ~[orders.jar:1.${whole(next, 9)}.0]`;
  }
}

/** Lines of eight forms, about `chars` of them, the same in every run. */
export function mixedLogs(chars: number): string {
  const next = numbers(7);
  const lines: string[] = [];
  for (let at = 0, size = 0; size < chars; at++) {
    const line = lineOf(at, next);
    lines.push(line);
    size += line.length + 1;
  }
  return lines.join('\n');
}
