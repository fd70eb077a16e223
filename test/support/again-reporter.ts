import type { Reporter, TestModule } from 'vitest/node';

/** Names at the end each test that passed only when it was tried again: a suite that hides its stalls would prove less. */
export class AgainReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const again = modules.flatMap((module) =>
      [...module.children.allTests()]
        .filter((test) => test.diagnostic()?.flaky === true)
        .map((test) => `  ${module.relativeModuleId} > ${test.fullName}\n`),
    );
    if (again.length > 0) process.stdout.write(`\npassed only when tried again (${again.length}):\n${again.join('')}`);
  }
}
