const librarys = /^(LANGCHAIN|LANGSMITH|LANGGRAPH|ANTHROPIC|OPENAI)_/i;

/**
 * Takes out of the environment what the model libraries read there by themselves: another key or address than the configured
 * one, a log of every request, and a tracer that sends each turn's evidence to another service.
 */
export function forgetLibrarySettings(env: Record<string, string | undefined>): readonly string[] {
  const names = Object.keys(env).filter((name) => librarys.test(name));
  for (const name of names) delete env[name];
  return names;
}
