import { isBusy } from "./apps.ts";
import type { PhoneBase } from "./core.ts";

/**
 * Tells the App Store when an app has left the phone, so that another device of the Apple ID can use the licence in its place. Says
 * what there is, not what went: a message that was lost is made good by the next.
 */
export function keepStoreInformed(phone: PhoneBase): void {
  const { state } = phone.store;
  /** What the store may still believe to be here. */
  let believed = new Set(holdings());
  let isTelling = false;

  function holdings(): string[] {
    return state.apps.filter((app) => app.installed || isBusy(app)).map((app) => app.adamId);
  }

  function look(): void {
    const present = new Set(holdings());
    const hasLost = [...believed].some((adamId) => !present.has(adamId));
    for (const adamId of present) believed.add(adamId);
    if (hasLost && state.account !== null && !isTelling) phone.tasks.run(tell);
  }

  async function tell(): Promise<void> {
    if (state.account === null) return;
    isTelling = true;
    try {
      // The store hears of nothing that a power cut could undo.
      await phone.store.save();
      const { sessionToken } = state.account;
      const adamIds = holdings();
      const told = await phone.appStore.tellHoldings({ sessionToken, adamIds }, phone.signal);
      // What came meanwhile is known to the store by its authorisation.
      if (told.ok) believed = new Set([...adamIds, ...holdings()]);
    } finally {
      isTelling = false;
    }
  }

  phone.onChange(look);
  // The phone may have been switched off before it could tell.
  if (state.account !== null) phone.tasks.run(tell);
}
