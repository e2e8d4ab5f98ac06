/** An organisation of any size, drawn from a seed: the same seed gives the same people, phones and habits. */
import type { PhoneKind } from "../../agent/phone.ts";
import type { Person } from "../organisation.ts";
import { appleIdOf } from "../organisation.ts";
import type { Persona } from "../people/person.ts";
import { RandomStream } from "../virtual/random-stream.ts";

/** More phones than one process holds. */
export const fleetSizeMax = 20_000;
/** One in so many people has a second phone. */
const secondPhoneOneIn = 10;

const firstNames =
  "Ada Bruno Chiara David Elena Farid Giulia Hugo Ines Jonas Katya Luca Mira Noor Olga Pablo Quentin Rosa Samir Tilda Ugo Vera Wanda Yusuf Zoe".split(
    " ",
  );
const lastNames =
  "Bramley Cox Fiesta Gala Russet Braeburn Pink Jonagold Idared Elstar Topaz Rubens Cortland Empire Fuji Melrose Boskoop Reinette Ambrosia Pinova Egremont Winesap Spartan Santana".split(
    " ",
  );
const departments = ["Sales", "Support", "Field Service", "Headquarters", "Pilot"] as const;
const kinds: readonly (readonly [PhoneKind, number])[] = [
  ["user", 50],
  ["device", 25],
  ["configurator", 20],
  ["dep", 5],
];
const products = ["iPhone8,1", "iPhone8,2", "iPhone8,4", "iPhone7,2"] as const;

type Habits = Pick<Persona, "terms" | "install" | "wrongPasswords"> & Partial<Persona>;
const agreeable: Habits = { terms: "accept", install: "install", wrongPasswords: 0 };
const habits: readonly (readonly [Habits, number])[] = [
  [agreeable, 82],
  [{ ...agreeable, wrongPasswords: 1 }, 6],
  [{ ...agreeable, install: "cancel" }, 3],
  [{ ...agreeable, install: "ignore" }, 2],
  [{ ...agreeable, signIn: "decline" }, 1],
  [{ ...agreeable, terms: "decline" }, 3],
  [{ ...agreeable, terms: "ignore" }, 3],
];
const paces = {
  quick: { thinkMsMin: 10, thinkMsMax: 120 },
  natural: { thinkMsMin: 2_000, thinkMsMax: 90_000 },
} as const;

export interface PlannedPhone {
  readonly udid: string;
  readonly serial: string;
  readonly name: string;
  readonly product: string;
  readonly kind: PhoneKind;
  /** `id` in the directory. */
  readonly owner: string;
  readonly persona: Persona;
}

export interface FleetPlan {
  /** `groups` as the directory's import takes them: with semicolons between. */
  readonly people: readonly Person[];
  readonly phones: readonly PlannedPhone[];
}

export function planFleet(seed: string, size: number, pace: keyof typeof paces): FleetPlan {
  const chance = new RandomStream(seed, "people of a generated fleet");
  const numbers = new RandomStream(seed, "serial numbers of a generated fleet");
  const people: Person[] = [];
  const phones: PlannedPhone[] = [];
  const namesakes = new Map<string, number>();
  while (phones.length < size) {
    const person = drawPerson(chance, namesakes);
    const manner = draw(chance, habits);
    people.push(person);
    const count = chance.between(1, secondPhoneOneIn) === 1 ? 2 : 1;
    for (let own = 1; own <= count && phones.length < size; own += 1) {
      const index = phones.length + 1;
      phones.push({
        udid: numbers.bytes(20).toString("hex"),
        serial: `PIP${letters(numbers, 6)}${String(index).padStart(3, "0")}`,
        name: own === 1 ? `${person.name}'s iPhone` : `${person.name}'s other iPhone`,
        product: pick(chance, products),
        kind: draw(chance, kinds),
        owner: person.id,
        persona: { ...appleIdOf(person), ...manner, ...paces[pace] },
      });
    }
  }
  return { people, phones };
}

function drawPerson(chance: RandomStream, namesakes: Map<string, number>): Person {
  const [first, last] = [pick(chance, firstNames), pick(chance, lastNames)];
  const plain = `${first}.${last}`.toLowerCase();
  const number = (namesakes.get(plain) ?? 0) + 1;
  namesakes.set(plain, number);
  const id = number === 1 ? plain : `${plain}${number}`;
  return {
    id,
    name: number === 1 ? `${first} ${last}` : `${first} ${last} ${number}`,
    email: `${id}@orchard.example`,
    groups: `${pick(chance, departments)};Everyone`,
  };
}

function pick<T>(chance: RandomStream, from: readonly T[]): T {
  const found = from[chance.between(0, from.length - 1)];
  if (found === undefined) throw new Error("nothing to choose from");
  return found;
}

/** One of them, by weight. */
function draw<T>(chance: RandomStream, from: readonly (readonly [T, number])[]): T {
  let left = chance.fraction() * from.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [one, weight] of from) {
    left -= weight;
    if (left < 0) return one;
  }
  throw new Error("nothing to choose from");
}

/** Without those that are taken for digits. */
function letters(numbers: RandomStream, length: number): string {
  return Array.from({ length }, () => pick(numbers, [..."ABCDEFGHJKLMNPQRSTUVWXYZ23456789"])).join("");
}
