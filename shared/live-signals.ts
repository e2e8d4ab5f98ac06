/** Resolves when the person (Ctrl-C) or the system (SIGTERM) asks the program to end. Asking twice ends it at once. */
export function untilSignal(): Promise<void> {
  return new Promise((resolve) => void onSignal(resolve));
}

/** What a program ends with that was asked to. */
export const interruptedCode = 130;

/** Calls `act` when the program is asked to end; asking twice ends it at once. Answers with the function that takes this back. */
export function onSignal(act: () => void): () => void {
  let asked = false;
  const stop = () => {
    if (asked) process.exit(interruptedCode);
    asked = true;
    act();
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  return () => {
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
  };
}
