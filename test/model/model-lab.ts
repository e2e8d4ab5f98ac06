/** The real thing that a plan is played on: Apple, server, phones and people in one virtual world. */
import type { Phone } from "../../agent/phone.ts";
import type { TraceEvent } from "../../shared/trace.ts";
import { NetworkError } from "../../shared/world.ts";
import { runVirtual, type VirtualLab } from "../../simulator/lab.ts";
import { ApiError } from "../../simulator/json-client.ts";
import { givePhone } from "../../simulator/people/person.ts";
import type { Persona } from "../../simulator/people/person.ts";
import { anyhow } from "../support/small-journey.ts";
import {
  apps,
  groups,
  people,
  phonePlans,
  type Act,
  type GroupName,
  type PersonId,
  type Plan,
  type Setup,
} from "./plan.ts";
import type { DeployAction } from "./plan.ts";

const password = "correct horse battery";
const groupNames = Object.keys(groups) as GroupName[];

/** One of the phones of the plan, with whoever holds it. */
export interface ModelPhone {
  readonly owner: PersonId;
  readonly kind: Phone["config"]["kind"];
  phone: Phone;
  /** Takes it out of the person's hand. */
  putAway: (() => void) | undefined;
  managed: boolean;
}

/** What the acts so far should have brought about: small enough to be seen through. */
export interface Model {
  readonly setup: Setup;
  readonly owned: number[];
  readonly members: Record<GroupName, Set<PersonId>>;
  /** By `<app index> <group>`. */
  readonly deployments: Map<string, DeployAction>;
  readonly phones: ModelPhone[];
}

export interface Run {
  readonly lab: VirtualLab;
  readonly model: Model;
  readonly events: readonly TraceEvent[];
  act(act: Act): Promise<void>;
  /** Ends every circumstance: the server runs, Apple answers, the network is quick, people have their phones in hand. */
  endTrouble(): Promise<void>;
}

/** Opens a lab by the plan's setup, and hands it to `main`. */
export async function withModelLab<T>(plan: Plan, main: (run: Run) => Promise<T>): Promise<T> {
  const events: TraceEvent[] = [];
  let trouble: Trouble | undefined;
  const options = {
    seed: `model ${plan.setup.worldSeed}`,
    progress: () => undefined,
    keepsWire: false,
    onEvent(event: TraceEvent) {
      events.push(event);
      trouble?.eventSeen();
    },
  };
  return runVirtual(options, async (lab) => {
    const model = await open(lab, plan.setup);
    trouble = new Trouble(lab);
    const run = new ModelRun(lab, model, events, trouble);
    try {
      return await main(run);
    } finally {
      await trouble.end();
      trouble = undefined;
    }
  });
}

async function open(lab: VirtualLab, setup: Setup): Promise<Model> {
  const { apple, admin } = lab;
  const org = await apple.post<{ organisationId: number }>("/control/v1/organisations", {
    name: "Model & Co",
    appleId: "it@model.example",
  });
  const root = `/control/v1/organisations/${org.organisationId}`;
  for (const [index, adamId] of apps.entries())
    await apple.post(`${root}/licenses`, { adamId, quantity: setup.seats[index] });
  await apple.post("/control/v1/apple-ids", {
    appleIds: people.map((id) => ({ appleId: `${id}@icloud.example`, password })),
  });
  const { sToken } = await apple.post<{ sToken: string }>(`${root}/tokens`, {});
  const upload = { sToken, tokenName: "Model", appleId: "it@model.example", acknowledged: true };
  await admin.send("PUT", "/api/v1/vpp/token", JSON.stringify(upload), "application/json");
  const policies = await admin.get<Record<string, unknown>>("/api/v1/policies");
  // What takes days otherwise comes within the time that a run is given to settle.
  const wanted = {
    ...policies,
    inventoryIntervalDays: 0.02,
    inviteElsewhereHours: 0.5,
    licenseOnUnenroll: setup.licenseOnUnenroll,
  };
  await admin.send("PUT", "/api/v1/policies", JSON.stringify(wanted), "application/json");
  const rows = people.map((id) => {
    const of = groupNames.filter((name) => (groups[name] as readonly string[]).includes(id));
    return `${id},${id},${id}@model.example,${of.join(";")}`;
  });
  await admin.send("POST", "/api/v1/users/import", ["id,name,email,groups", ...rows].join("\n"), "text/csv");
  const tokens = phonePlans.map(({ owner, kind }) => ({ kind, userId: owner }));
  const made = await admin.post<{ tokens: { url: string }[] }>("/api/v1/enrollment-tokens/batch", { tokens });
  const phones: ModelPhone[] = [];
  for (const [index, { owner, kind }] of phonePlans.entries()) {
    const phone = await lab.addPhone({
      serial: `MODEL${index}`,
      product: "iPhone8,1",
      name: `${owner}'s phone`,
      kind,
      enrollmentUrl: made.tokens[index]?.url ?? "",
    });
    const putAway = givePhone(lab.world, phone, personaOf(setup, owner));
    phones.push({ owner, kind, phone, putAway, managed: true });
  }
  await until(lab, () => phones.every(({ phone }) => phone.view().enrolled));
  return {
    setup,
    owned: [...setup.seats],
    members: { Team: new Set(groups.Team), Field: new Set(groups.Field) },
    deployments: new Map(),
    phones,
  };
}

function personaOf(setup: Setup, owner: PersonId): Persona {
  const { terms, install, wrongPasswords } = setup.habits[owner];
  return {
    appleId: `${owner}@icloud.example`,
    password,
    terms,
    install,
    wrongPasswords,
    thinkMsMin: 500,
    thinkMsMax: 20_000,
  };
}

async function until(lab: VirtualLab, isSo: () => boolean): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    if (isSo()) return;
    await lab.world.sleep(1_000);
  }
  throw new Error("waited in vain for the phones to enrol");
}

/** Whatever goes wrong on purpose, and its end. */
class Trouble {
  readonly #lab: VirtualLab;
  #isDown = false;
  /** Kills that wait for their moment: events still to come, and what then. */
  #armed: { left: number; kill: () => void }[] = [];
  #ups: Promise<void>[] = [];

  constructor(lab: VirtualLab) {
    this.#lab = lab;
  }

  eventSeen(): void {
    const due = this.#armed.filter((one) => (one.left -= 1) < 0);
    if (due.length === 0) return;
    this.#armed = this.#armed.filter((one) => !due.includes(one));
    // As an event of its own: a process dies between two steps, not in the middle of one.
    for (const { kill } of due) this.#lab.world.after(0, kill);
  }

  armKill(act: Extract<Act, { act: "killServer" }>): void {
    const kill = () => this.kill(act.unsynced, act.downMs);
    if (act.afterEvents === 0) kill();
    else this.#armed.push({ left: act.afterEvents, kill });
  }

  kill(unsynced: "lost" | "torn" | "kept", downMs: number): void {
    if (this.#isDown) return;
    this.#isDown = true;
    this.#lab.killServer({ unsynced });
    const up = new Promise<void>((resolve) => {
      this.#lab.world.after(downMs, () => {
        this.#isDown = false;
        // Not waited for: it never ends when the server is killed while it starts.
        void this.#lab.restartServer();
        resolve();
      });
    });
    this.#ups.push(up);
  }

  async end(): Promise<void> {
    this.#armed = [];
    this.#lab.virtual.network.interceptor = undefined;
    await Promise.all(this.#ups);
    this.#ups = [];
    await this.#lab.apple.send(
      "PUT",
      "/control/v1/behaviour",
      JSON.stringify({ unavailable: false, latencyMs: 0 }),
      "application/json",
    );
  }
}

class ModelRun implements Run {
  readonly lab: VirtualLab;
  readonly model: Model;
  readonly events: readonly TraceEvent[];
  readonly #trouble: Trouble;

  constructor(lab: VirtualLab, model: Model, events: readonly TraceEvent[], trouble: Trouble) {
    this.lab = lab;
    this.model = model;
    this.events = events;
    this.#trouble = trouble;
  }

  async act(act: Act): Promise<void> {
    const { lab, model } = this;
    const { admin, apple, world } = lab;
    switch (act.act) {
      case "deploy":
        return await this.#deploy(act.app, act.group, act.action);
      case "withdraw": {
        const found = await this.#deployment(act.app, act.group);
        if (found) await gone(() => admin.send("DELETE", `/api/v1/deployments/${found.id}`));
        model.deployments.delete(`${act.app} ${act.group}`);
        return;
      }
      case "join":
      case "leave": {
        const groupId = await this.#groupId(act.group);
        const method = act.act === "join" ? "PUT" : "DELETE";
        await gone(() => admin.send(method, `/api/v1/groups/${groupId}/members/${act.person}`));
        const members = model.members[act.group];
        if (act.act === "join") members.add(act.person);
        else members.delete(act.person);
        return;
      }
      case "sync":
        return void (await refusable(() => admin.post("/api/v1/vpp/sync", {})));
      case "retry": {
        const udid = this.#phone(act.phone).phone.config.udid;
        return void (await refusable(() =>
          admin.post(`/api/v1/installations/${udid}:${appId(act.app)}/retry`, {}),
        ));
      }
      case "invite":
        return void (await refusable(() => admin.post(`/api/v1/users/${act.person}/invitation`, {})));
      case "buy": {
        const [organisation] = (
          await apple.get<{ organisations: { organisationId: number }[] }>("/control/v1/organisations")
        ).organisations;
        await apple.post(`/control/v1/organisations/${organisation?.organisationId ?? 0}/licenses`, {
          adamId: appId(act.app),
          quantity: 1,
        });
        model.owned[act.app] = (model.owned[act.app] ?? 0) + 1;
        return;
      }
      case "restartPhone": {
        const held = this.#phone(act.phone);
        const wasHeld = held.putAway !== undefined;
        held.putAway?.();
        await held.phone.kill();
        await world.sleep(act.awayMs);
        held.phone = await lab.restartPhone(held.phone.config.udid);
        held.putAway = wasHeld ? this.#give(held) : undefined;
        return;
      }
      case "putAway":
        for (const held of this.#phonesOf(act.person)) {
          held.putAway?.();
          held.putAway = undefined;
        }
        return;
      case "pickUp":
        for (const held of this.#phonesOf(act.person)) held.putAway ??= this.#give(held);
        return;
      case "deleteApp": {
        const { phone } = this.#phone(act.phone);
        const installed = phone.view().apps.find((one) => one.adamId === appId(act.app) && one.installed);
        if (installed) await phone.deleteApp(installed.bundleId).catch(refused);
        return;
      }
      case "leaveManagement": {
        const held = this.#phone(act.phone);
        if (!held.managed) return;
        held.managed = false;
        return void (await held.phone.removeProfile().catch(refused));
      }
      case "cutConnections":
        return void lab.virtual.network.cutChannels();
      case "slowNetwork": {
        const verdict = { delayMs: act.delayMs };
        lab.virtual.network.interceptor = ({ kind }) => (kind === "message" ? verdict : "deliver");
        world.after(act.forMs, () => (lab.virtual.network.interceptor = undefined));
        return;
      }
      case "appleDown": {
        const set = (unavailable: unknown) =>
          apple.send("PUT", "/control/v1/behaviour", JSON.stringify({ unavailable }), "application/json");
        await set({ retryAfterSeconds: act.retryAfterSeconds });
        world.after(act.forMs, () => void set(false));
        return;
      }
      case "killServer":
        return this.#trouble.armKill(act);
      case "restartServer":
        return this.#trouble.kill("kept", 0);
      case "wait":
        return await world.sleep(act.ms);
    }
  }

  async endTrouble(): Promise<void> {
    await this.#trouble.end();
    for (const held of this.model.phones) held.putAway ??= this.#give(held);
  }

  async #deploy(app: number, group: GroupName, action: DeployAction): Promise<void> {
    const { admin } = this.lab;
    const groupId = await this.#groupId(group);
    const found = await this.#deployment(app, group);
    if (found) {
      await admin.send(
        "PATCH",
        `/api/v1/deployments/${found.id}`,
        JSON.stringify({ action }),
        "application/json",
      );
    } else {
      await anyhow(
        () => admin.post<unknown>("/api/v1/deployments", { adamId: appId(app), groupId, action }),
        () => this.#deployment(app, group),
      );
    }
    this.model.deployments.set(`${app} ${group}`, action);
  }

  async #deployment(app: number, group: GroupName): Promise<{ id: string } | undefined> {
    const groupId = await this.#groupId(group);
    const { items } = await this.lab.admin.get<{ items: { id: string; adamId: string; groupId: string }[] }>(
      "/api/v1/deployments?limit=100",
    );
    return items.find((one) => one.adamId === appId(app) && one.groupId === groupId);
  }

  async #groupId(name: GroupName): Promise<string> {
    const { items } = await this.lab.admin.get<{ items: { id: string; name: string }[] }>(
      "/api/v1/groups?limit=100",
    );
    const found = items.find((group) => group.name === name);
    if (!found) throw new Error(`the group ${name} is lost`);
    return found.id;
  }

  #phone(index: number): ModelPhone {
    const held = this.model.phones[index];
    if (!held) throw new Error(`the plan has no phone ${index}`);
    return held;
  }

  #phonesOf(owner: PersonId): ModelPhone[] {
    return this.model.phones.filter((held) => held.owner === owner);
  }

  #give(held: ModelPhone): () => void {
    return givePhone(this.lab.world, held.phone, personaOf(this.model.setup, held.owner));
  }
}

export function appId(index: number): string {
  return apps[index] ?? "";
}

/** For acts that may come at a moment when they can't be done. */
async function refusable<T>(send: () => Promise<T>): Promise<T | undefined> {
  try {
    return await send();
  } catch (error) {
    if (error instanceof ApiError && error.status < 500) return undefined;
    if (error instanceof ApiError && error.status === 503) return undefined;
    // Apple is slow or away, and the answer waits for it.
    if (error instanceof NetworkError) return undefined;
    throw error;
  }
}

/** A repeat after a lost answer finds that it is done. */
async function gone<T>(send: () => Promise<T>): Promise<T | undefined> {
  try {
    return await send();
  } catch (error) {
    if (error instanceof ApiError && error.code === "not_found") return undefined;
    throw error;
  }
}

/** The person may find the app busy or gone. */
function refused(error: unknown): void {
  if (!(error instanceof Error) || error.name !== "PippinError") throw error;
}
