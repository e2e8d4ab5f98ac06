/**
 * What the acts of a plan should have brought about, kept beside the lab and small enough to be seen through. Where the moment decides
 * (a licence is revoked while a command is on its way), it knows all that may have come of it.
 */
import type { Phone } from "../../agent/phone.ts";
import {
  apps,
  groups,
  people,
  phonePlans,
  type DeployAction,
  type GroupName,
  type PersonId,
  type Rules,
  type Selection,
  type Setup,
} from "./plan.ts";

/** One of the phones of the plan, with whoever holds it. */
export interface ModelPhone {
  readonly index: number;
  readonly owner: PersonId;
  readonly kind: Phone["config"]["kind"];
  phone: Phone;
  /** Takes it out of the person's hand. */
  putAway: (() => void) | undefined;
  managed: boolean;
  /** It left management, or was wiped, at some time: a seat may have stayed with it. */
  hasLeft: boolean;
}

/** What somebody did with an installation that stands above the deployments. */
export type Verb = "revoked" | "reclaimed" | "cancelled";

export type Standing = "present" | "retired" | "deleted";

export class Model {
  readonly setup: Setup;
  readonly owned: number[];
  readonly phones: ModelPhone[] = [];
  readonly #members: Record<GroupName, Set<PersonId>> = {
    Team: new Set(groups.Team),
    Field: new Set(groups.Field),
  };
  /** By `<app> <group>`. */
  readonly #deployments = new Map<string, DeployAction>();
  /** By `<phone> <app>`: what may stand above the deployments there. */
  readonly #above = new Map<string, Set<Verb>>();
  /** The same of acts whose answer was lost: they may take effect at any later time. */
  readonly #pending = new Map<string, Set<Verb>>();
  /** By `<phone> <app>`: the person asked for what is offered, and nothing has happened since that could undo the wish. */
  readonly #wishes = new Set<string>();
  /** How people may stand with Apple and in the directory. */
  readonly #standing = new Map<PersonId, Set<Standing>>(people.map((id) => [id, new Set(["present"])]));
  #rules: Rules = "2016";
  /** Something happened to the account: in the end an admin has to put it in order. */
  isAccountTouched = false;
  /** Times at which the App Store could not be reached, and downloads that broke off. */
  outages = 0;
  /** Answers of Apple got lost, or came too late. */
  areAnswersLost = false;
  brokenDownloads = 0;

  constructor(setup: Setup) {
    this.setup = setup;
    this.owned = [...setup.seats];
  }

  phone(index: number): ModelPhone {
    const held = this.phones[index];
    if (!held) throw new Error(`the plan has no phone ${index}`);
    return held;
  }

  phonesOf(owner: PersonId): ModelPhone[] {
    return this.phones.filter((held) => held.owner === owner);
  }

  // --- What happened ---

  deployed(app: number, group: GroupName, action: DeployAction | undefined): void {
    const key = `${app} ${group}`;
    for (const person of this.#members[group]) this.#forgetWishes({ person, app });
    if (action === undefined) this.#deployments.delete(key);
    else this.#deployments.set(key, action);
    // A change of a deployment lets the deployments have their say again. Of a withdrawn one that is so where it changes something.
    if (action === undefined) return;
    for (const { index, owner, managed } of this.phones)
      if (managed && this.#members[group].has(owner)) this.#above.delete(`${index} ${app}`);
  }

  moved(person: PersonId, group: GroupName, isMember: boolean): void {
    this.#forgetWishes({ person });
    if (isMember) this.#members[group].add(person);
    else this.#members[group].delete(person);
  }

  /** Of these, the admin's or the person's word may have come to stand above the deployments. */
  overridden(
    phones: readonly number[],
    ofApps: readonly number[],
    verb: Verb,
    done: "yes" | "perhaps",
  ): void {
    const verbs = done === "yes" ? this.#above : this.#pending;
    for (const phone of phones)
      for (const app of ofApps) {
        const key = `${phone} ${app}`;
        this.#wishes.delete(key);
        verbs.set(key, (verbs.get(key) ?? new Set()).add(verb));
      }
  }

  /** An admin asked for the app on this phone again. */
  askedFor(phone: number, app: number): void {
    this.#above.delete(`${phone} ${app}`);
  }

  /** The person asked for it in the company portal, and the server has that on record. */
  wished({ index, owner, kind }: ModelPhone, app: number): void {
    // An app that is required alone is on its way without a wish.
    if (kind !== "dep" && this.desired(owner, app) === "available") this.#wishes.add(`${index} ${app}`);
  }

  /** The app, or everything, went from the phone. */
  lost(phone: number, app?: number): void {
    for (const one of apps.keys())
      if (app === undefined || one === app) this.#wishes.delete(`${phone} ${one}`);
  }

  stands(person: PersonId, standing: Standing, done: "yes" | "perhaps"): void {
    this.#forgetWishes({ person });
    if (done === "yes") this.#standing.set(person, new Set([standing]));
    else this.standing(person).add(standing);
  }

  ruledBy(rules: Rules): void {
    this.#rules = rules;
    this.#forgetWishes({});
  }

  #forgetWishes({ person, app }: Selection): void {
    for (const phone of this.phonesMeant({ person })) this.lost(phone, app);
  }

  // --- What follows ---

  phonesMeant({ person }: Selection): number[] {
    return phonePlans.flatMap(({ owner }, index) =>
      person === undefined || owner === person ? [index] : [],
    );
  }

  above(phone: number, app: number): ReadonlySet<Verb> {
    const key = `${phone} ${app}`;
    return new Set([...(this.#above.get(key) ?? []), ...(this.#pending.get(key) ?? [])]);
  }

  standing(person: PersonId): Set<Standing> {
    return this.#standing.get(person) ?? new Set();
  }

  /**
   * A phone says again what it has no answer to. If that was a wrong password, Apple has counted it each time and locked the Apple ID:
   * then an invitation comes to nothing until an admin sends it again, and so does an install.
   */
  mayBeLockedOut(person: PersonId): boolean {
    return this.areAnswersLost && this.setup.habits[person].wrongPasswords > 0;
  }

  /** Three installs may have failed on one phone, and then there is no fourth. Each takes three downloads that break off, or an outage. */
  get mayHaveGivenUp(): boolean {
    return this.outages + Math.floor(this.brokenDownloads / 3) >= 3;
  }

  /** What the deployments ask for. */
  desired(person: PersonId, app: number): DeployAction | undefined {
    const asked = (["Team", "Field"] as const)
      .filter((group) => this.#members[group].has(person))
      .map((group) => this.#deployments.get(`${app} ${group}`));
    return strongestFirst[this.#rules].find((action) => asked.includes(action));
  }

  isWished(phone: number, app: number): boolean {
    return this.#wishes.has(`${phone} ${app}`);
  }

  get leavers(): PersonId[] {
    return people.filter((id) => this.phonesOf(id).some(({ hasLeft }) => hasLeft));
  }
}

/** The rules, said in another way than the server says them: the first of these that anybody asked for. */
const strongestFirst: Readonly<Record<Rules, readonly DeployAction[]>> = {
  "2016": ["required", "available", "uninstall", "notApplicable"],
  "2017": ["required", "uninstall", "notApplicable", "available"],
};
