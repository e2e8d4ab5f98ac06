// Module hooks in front of tsx: a module that is imported with `?double=NAME` has one rule changed, that of the double NAME, somewhere
// among what it imports. Only the modules on the way there are made anew for each double: all others are shared, and with them most of
// what a start costs.

/** By name: where the rule stands (a file URL), its text, what stands there instead, and the URLs of the modules on the way there. */
let rules = new Map();

export function initialize(given) {
  rules = new Map(given.map(([name, rule]) => [name, { ...rule, dependents: new Set(rule.dependents) }]));
}

const doubleOf = (url) => (url?.startsWith("file:") ? new URL(url).searchParams.get("double") : null);

export async function resolve(specifier, context, nextResolve) {
  const resolved = await nextResolve(specifier, context);
  const double = doubleOf(context.parentURL);
  if (!rules.get(double)?.dependents.has(resolved.url)) return resolved;
  return { ...resolved, url: `${resolved.url}?double=${double}` };
}

export async function load(url, context, nextLoad) {
  const loaded = await nextLoad(url, context);
  const rule = rules.get(doubleOf(url));
  if (rule === undefined || !url.startsWith(`${rule.file}?`)) return loaded;
  return {
    ...loaded,
    source: Buffer.from(loaded.source)
      .toString()
      .replace(rule.replace, () => rule.by),
  };
}
