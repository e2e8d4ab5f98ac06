import { PippinError } from "../shared/errors.ts";
import { isBusy } from "./apps.ts";
import type { StoreRefusal } from "./app-store-client.ts";
import type { PhoneCore } from "./core.ts";
import { pause } from "./tasks.ts";

/** What the person does without being asked. The errors are those of Phone. */
export interface Person {
  deleteApp(bundleId: string): Promise<void>;
  installFromStore(adamId: string): Promise<void>;
  signOut(): Promise<void>;
}

export function createPerson(phone: PhoneCore): Person {
  const { world, config, store, apps, appStore, account, installer, signal } = phone;
  const { state } = store;

  function refuse(code: StoreRefusal, adamId: string): PippinError {
    if (code === "item_unknown") return new PippinError("not_found", `the App Store has no app ${adamId}`);
    if (code === "unreachable") return new PippinError("unavailable", "the App Store did not answer");
    return new PippinError("forbidden", `the App Store refused: ${code}`);
  }

  async function fetchApp(adamId: string): Promise<void> {
    const found = await appStore.lookup(adamId, signal);
    if (!found.ok) throw refuse(found.code, adamId);
    const { bundleId, name } = found.value;
    const known = apps.find(bundleId);
    if (known?.installed) throw new PippinError("conflict", `${name} is installed already`);
    const outcome = await account.prepare({ freshPassword: true, app: { adamId, name } }, signal);
    if (outcome !== "signedIn" || !state.account) return;
    const { sessionToken } = state.account;
    const ticket = await appStore.authorize({ sessionToken, adamId, purchaseMethod: 0 }, signal);
    if (!ticket.ok) throw refuse(ticket.code, adamId);
    const download = await appStore.download(ticket.value, signal);
    if (!download.ok) throw refuse(download.code, adamId);
    await pause(world, Math.ceil((download.value.bytes * 1000) / config.bytesPerSecond), signal);

    let app = apps.claim(download.value);
    if (isBusy(app)) {
      // The server's install got further meanwhile: then it brings the app.
      if (app.state === "Installing" || app.state === "ValidatingPurchase") return;
      installer.drop(app);
      apps.move(app, "absent", { reason: "installed-by-person" });
      app = apps.claim(download.value);
      app.installed = true;
      apps.move(app, "UserInstalledApp");
    }
    app.installed = true;
    // It was managed before the person deleted it, and is again.
    if (app.state === "ManagedButUninstalled") apps.move(app, "Managed");
    phone.changed();
    await store.save();
  }

  return {
    async deleteApp(bundleId) {
      const app = apps.find(bundleId);
      if (!app?.installed) throw new PippinError("not_found", `${bundleId} is not installed`);
      if (isBusy(app))
        throw new PippinError("conflict", `${bundleId} is ${app.state}: wait until it is done`);
      app.installed = false;
      if (app.state === "UpdateRejected") apps.move(app, "Managed");
      if (app.state === "absent") apps.forget(app);
      else
        apps.move(app, app.state === "Managed" ? "ManagedButUninstalled" : "absent", { reason: "deleted" });
      await store.save();
    },
    installFromStore: fetchApp,
    async signOut() {
      account.forget();
      await store.save();
    },
  };
}
