const entriesMaxDefault = 256;

/** `read`, with what it made of the last few texts kept in mind. Least recently used go first. */
export function cached<T>(read: (text: string) => T, entriesMax = entriesMaxDefault): (text: string) => T {
  const entries = new Map<string, T>();
  return (text) => {
    const entry = entries.get(text) ?? read(text);
    entries.delete(text);
    entries.set(text, entry);
    const oldest = entries.keys().next();
    if (entries.size > entriesMax && !oldest.done) entries.delete(oldest.value);
    return entry;
  };
}
