/** A scenario's world while it is played: the lab, with the names that the scenario gave to what is in it. */
import type { Phone, PhoneView } from "../../agent/phone.ts";
import { PippinError } from "../../shared/errors.ts";
import type { EventName, TraceEvent } from "../../shared/trace.ts";
import { givePhone, type Persona } from "../people/person.ts";
import { inTurn } from "./in-turn.ts";
import type { Subject } from "./probe.ts";
import type { Lab, ServerPower } from "./scenario.ts";
import type { ScenarioFile } from "./scenario-file.ts";
import type { Vocabulary } from "./vocabulary.ts";
import {
  groupIdOf,
  peopleOf,
  phoneName,
  type PersonaPlan,
  type PhonePlan,
  type PlannedPerson,
} from "./world-plan.ts";

/** Of a run's events, so many are kept to be counted; the oldest go first. */
const eventsMax = 1_000_000;
const enrolPatienceMs = 10 * 60_000;
const json = "application/json";
/** People who are simulated have no secrets from one another. */
const passwordOf = (appleId: string) => `pomme-${appleId}`;

interface HeldPhone {
  readonly name: string;
  readonly owner: string;
  readonly plan: PhonePlan;
  phone: Phone;
  /** Takes it out of the person's hand. */
  putAway: (() => void) | undefined;
}

export class Stage {
  readonly lab: Lab;
  readonly words: Vocabulary;
  /** By person: how they behave now. */
  readonly personas = new Map<string, Persona>();
  /** By `<adamId> <group>`. */
  readonly deploymentIds = new Map<string, string>();
  readonly commands = new Map<string, readonly { udid: string; commandUUID: string }[]>();
  organisationPath = "";
  tokenId = "";
  readonly #file: ScenarioFile;
  readonly #people: readonly PlannedPerson[];
  readonly #phones = new Map<string, HeldPhone>();
  readonly #events: TraceEvent[] = [];
  readonly #forget: () => void;
  #sToken = "";

  constructor(lab: Lab, file: ScenarioFile, words: Vocabulary) {
    this.lab = lab;
    this.words = words;
    this.#file = file;
    this.#people = peopleOf(file.world);
    this.#forget = lab.recorder.subscribe((event) => {
      if (event.event === "wire") return;
      this.#events.push(event);
      if (this.#events.length > eventsMax * 1.1) this.#events.splice(0, eventsMax / 10);
    });
  }

  close(): void {
    this.#forget();
    for (const held of this.#phones.values()) held.putAway?.();
  }

  // --- The beginning ---

  /** Brings the world to where the scenario begins. */
  async setUp(): Promise<void> {
    const { start, policies } = this.#file.world;
    await this.#setUpApple();
    if (Object.keys(policies).length > 0)
      await this.lab.admin.send("PATCH", "/api/v1/policies", JSON.stringify(policies), json);
    if (start === "nothing") return;
    await this.uploadToken();
    await this.lab.admin.post("/api/v1/vpp/sync", {});
    if (start === "token") return;
    await this.#importPeople();
    if (start === "directory") return;
    await this.#enrolPhones();
  }

  /** From now on things go wrong as the scenario has it. */
  beginFaults(): void {
    const { faults } = this.lab;
    // They are asked for at every command, and stay who they are.
    const named = new Map<string, ReadonlySet<string>>();
    faults.phonesNamed = (name) => {
      const udids = named.get(name) ?? new Set(this.select(name).map(({ config }) => config.udid));
      named.set(name, udids);
      return udids;
    };
    for (const rule of this.#file.faults) faults.add(rule);
  }

  async #setUpApple(): Promise<void> {
    const { apple } = this.lab;
    const { organisation, appleId, licenses, apps, behaviour } = this.#file.world;
    for (const app of apps) await apple.post("/control/v1/catalogue", app);
    const made = await apple.post<{ organisationId: number }>("/control/v1/organisations", {
      name: organisation,
      appleId,
    });
    this.organisationPath = `/control/v1/organisations/${made.organisationId}`;
    for (const [app, quantity] of Object.entries(licenses))
      await apple.post(`${this.organisationPath}/licenses`, { adamId: this.words.apps.get(app), quantity });
    const owners = this.#people.filter(({ ownsAppleId }) => ownsAppleId);
    const appleIds = owners.map((one) => ({
      appleId: one.appleId,
      password: passwordOf(one.appleId),
      ...(one.country === undefined ? {} : { countryCode: one.country }),
      ...(one.storeTermsAccepted === undefined ? {} : { storeTermsAccepted: one.storeTermsAccepted }),
    }));
    await inTurn(chunks(appleIds, 1_000), async (chunk) => {
      await apple.post("/control/v1/apple-ids", { appleIds: chunk });
    });
    if (behaviour !== undefined)
      await apple.send("PUT", "/control/v1/behaviour", JSON.stringify(behaviour), json);
    await this.issueToken();
  }

  async issueToken(): Promise<void> {
    const made = await this.lab.apple.post<{ tokenId: string; sToken: string }>(
      `${this.organisationPath}/tokens`,
      {},
    );
    this.tokenId = made.tokenId;
    this.#sToken = made.sToken;
  }

  async uploadToken(): Promise<void> {
    const { organisation, appleId } = this.#file.world;
    const upload = { sToken: this.#sToken, tokenName: organisation, appleId, acknowledged: true };
    await this.lab.admin.send("PUT", "/api/v1/vpp/token", JSON.stringify(upload), json);
  }

  async tokenExpiry(): Promise<number> {
    const { expiresAt } = await this.lab.admin.get<{ expiresAt: string }>("/api/v1/vpp/token");
    return Date.parse(expiresAt);
  }

  async #importPeople(): Promise<void> {
    const { admin } = this.lab;
    await inTurn([...this.words.groups], async (name) => {
      await admin.post("/api/v1/groups", { id: groupIdOf(name), name });
    });
    const users = this.#people.map(({ id, name, groups }) => ({
      id,
      name,
      email: `${id}@orchard.example`,
      groups,
    }));
    await inTurn(chunks(users, 1_000), async (chunk) => {
      await admin.post("/api/v1/users/import", { users: chunk });
    });
  }

  async #enrolPhones(): Promise<void> {
    const wanted = this.#people.flatMap((person) => {
      this.personas.set(person.id, this.#persona(person, this.#drawPersona(person)));
      return person.phones.map((plan, index) => ({ person, plan, name: phoneName(person.id, index) }));
    });
    const tokens = wanted.map(({ person, plan }) => ({ kind: plan.kind, userId: person.id }));
    const urls: string[] = [];
    await inTurn(chunks(tokens, 500), async (chunk) => {
      const made = await this.lab.admin.post<{ tokens: { url: string }[] }>(
        "/api/v1/enrollment-tokens/batch",
        { tokens: chunk },
      );
      urls.push(...made.tokens.map(({ url }) => url));
    });
    for (const [index, { person, plan, name }] of wanted.entries()) {
      const phone = await this.lab.addPhone({
        serial: `PIP${String(index + 1).padStart(9, "0")}`,
        product: "product" in plan && plan.product !== undefined ? plan.product : "iPhone8,1",
        name: `${person.name}'s iPhone`,
        enrollmentUrl: urls[index] ?? "",
        ...onlyGiven(plan),
      });
      const held: HeldPhone = { name, owner: person.id, plan, phone, putAway: undefined };
      this.#phones.set(name, held);
      this.pickUp(phone);
    }
    await this.#until("every phone is enrolled", () =>
      [...this.#phones.values()].every(({ phone }) => phone.view().enrolled),
    );
  }

  async #until(what: string, isSo: () => boolean): Promise<void> {
    const { world } = this.lab;
    for (const endsAt = world.now() + enrolPatienceMs; !isSo();) {
      if (world.now() >= endsAt) throw new Error(`waited in vain: ${what}`);
      await world.sleep(world.kind === "virtual" ? 1_000 : 100);
    }
  }

  // --- People ---

  #drawPersona({ persona, personas }: PlannedPerson): string | undefined {
    if (personas === undefined) return persona;
    const weights = Object.entries(personas);
    let left = this.lab.world.random() * weights.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [name, weight] of weights) {
      left -= weight;
      if (left < 0) return name;
    }
    return weights.at(-1)?.[0];
  }

  #persona(person: PlannedPerson, name: string | undefined): Persona {
    const plan: PersonaPlan = this.#file.personas[name ?? ""] ?? this.#file.agreeable;
    const { think, asleep, ...habits } = plan;
    // Nobody wants to wait for people in real time.
    const [thinkMsMin, thinkMsMax] = this.lab.pace === "quick" ? [10, 120] : [think.minMs, think.maxMs];
    return {
      ...habits,
      appleId: person.appleId,
      password: passwordOf(person.appleId),
      thinkMsMin,
      thinkMsMax,
      ...(asleep === undefined ? {} : { asleep: { fromMinute: asleep.from, toMinute: asleep.to } }),
    };
  }

  /** From now on this person behaves so, with each phone in hand. */
  behave(personId: string, persona: string): void {
    const person = this.#people.find(({ id }) => id === personId);
    if (person === undefined) throw new Error(`there is no person ${personId}`);
    this.personas.set(personId, this.#persona(person, persona));
    for (const held of this.#phones.values()) {
      if (held.owner !== personId || held.putAway === undefined) continue;
      held.putAway();
      held.putAway = this.#give(held);
    }
  }

  putAway(phone: Phone): void {
    const held = this.#held(phone);
    held.putAway?.();
    held.putAway = undefined;
  }

  pickUp(phone: Phone): void {
    const held = this.#held(phone);
    held.putAway ??= this.#give(held);
  }

  #give(held: HeldPhone): () => void {
    const persona = this.personas.get(held.owner);
    if (persona === undefined) throw new Error(`${held.owner} has no persona`);
    return givePhone(this.lab.world, held.phone, persona);
  }

  // --- Phones ---

  /** Those that a name in the scenario stands for, in the order of the plan: of a person all, where `phone` has the first. */
  select(name: string): Phone[] {
    const all = [...this.#phones.values()];
    const chosen = all.filter((held) => {
      if (name === "all" || held.name === name || held.owner === name) return true;
      return this.#people.some(({ id, groups }) => id === held.owner && groups.includes(name));
    });
    return chosen.map(({ phone }) => phone);
  }

  phone(name: string): Phone {
    const held = this.#phones.get(name);
    if (held === undefined) throw new PippinError("not_found", `${name} has not been started yet`);
    return held.phone;
  }

  view(udid: string): PhoneView {
    const held = [...this.#phones.values()].find(({ phone }) => phone.config.udid === udid);
    if (held === undefined) throw new Error(`there is no phone ${udid}`);
    return held.phone.view();
  }

  phoneNamed(udid: string): string {
    return [...this.#phones.values()].find(({ phone }) => phone.config.udid === udid)?.name ?? udid;
  }

  #held(phone: Phone): HeldPhone {
    const held = [...this.#phones.values()].find((one) => one.phone.config.udid === phone.config.udid);
    if (held === undefined) throw new Error(`nobody holds ${phone.config.udid}`);
    return held;
  }

  async vanish(phone: Phone): Promise<void> {
    this.putAway(phone);
    await phone.kill();
  }

  async comeBack(phone: Phone): Promise<void> {
    const held = this.#held(phone);
    held.phone = await this.lab.restartPhone(phone.config.udid);
    this.pickUp(held.phone);
  }

  async enrolAgain(phone: Phone): Promise<void> {
    const { owner, plan } = this.#held(phone);
    const wanted = { kind: plan.kind, userId: owner };
    const { url } = await this.lab.admin.post<{ url: string }>("/api/v1/enrollment-tokens", wanted);
    await phone.enroll(url);
  }

  // --- What steps and probes ask for ---

  /** `<udid>:<adamId>`, as the admin API wants it. */
  installationId(phone: string, adamId: string): string {
    return `${this.phone(phone).config.udid}:${adamId}`;
  }

  appName(adamId: string): string {
    for (const [name, id] of this.words.apps) if (id === adamId) return name;
    return adamId;
  }

  commandsNamed(name: string): readonly { udid: string; commandUUID: string }[] {
    const found = this.commands.get(name);
    if (found === undefined) throw new Error(`no command step before this one has \`as: ${name}\``);
    return found;
  }

  happened(name: EventName): TraceEvent[] {
    // Apple records some events under the same names; the server's are meant.
    return this.#events.filter((event) => event.event === name && event["side"] !== "apple");
  }

  /** All that is kept, oldest first. */
  everything(): readonly TraceEvent[] {
    return this.#events;
  }

  /** The latest events about one of these, oldest first. */
  eventsAbout(subjects: readonly Subject[], count: number): TraceEvent[] {
    const isAbout = (event: TraceEvent) =>
      subjects.some((subject) =>
        (Object.entries(subject) as [keyof Subject, string][]).every(([key, id]) => event[key] === id),
      );
    const found: TraceEvent[] = [];
    for (let index = this.#events.length - 1; index >= 0 && found.length < count; index -= 1) {
      const event = this.#events[index];
      if (event !== undefined && isAbout(event)) found.push(event);
    }
    return found.reverse();
  }

  serverPower(): ServerPower {
    const { server } = this.lab;
    if (server === undefined) throw new Error("this lab has no hand on its server's process");
    return server;
  }

  cutConnections(): void {
    this.serverPower().cutConnections();
  }
}

function onlyGiven(plan: PhonePlan) {
  const { osVersion, setupAssistant, refusesVpp } = {
    osVersion: undefined,
    setupAssistant: undefined,
    refusesVpp: undefined,
    ...plan,
  };
  return {
    kind: plan.kind,
    ...(osVersion === undefined ? {} : { osVersion }),
    ...(setupAssistant === undefined ? {} : { setupAssistant }),
    ...(refusesVpp === undefined ? {} : { refusesVpp }),
  };
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
