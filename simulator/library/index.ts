/** What `import … from "pippin"` gives. */
export { ApiError } from "../json-client.ts";
export { PippinError } from "../../shared/errors.ts";
export type { TraceEvent, EventName } from "../../shared/trace.ts";
export type { PhoneView, Prompt, PromptKind, PhoneApp } from "../../agent/phone.ts";
export { defineScenario, type DefinedScenario } from "./define-scenario.ts";
export { LabPerson } from "./lab-person.ts";
export { LabPhone, type Typed } from "./lab-phone.ts";
export {
  startLab,
  TestLab,
  type LabApi,
  type LabOptions,
  type LicenseCount,
  type Patience,
  type Span,
} from "./start-lab.ts";
export type {
  ActSource,
  ExpectationSource,
  ExpectSource,
  FaultSource,
  PersonaSource,
  ScenarioSource,
  StepSource,
  WorldSource,
} from "../scenarios/scenario-source.ts";
