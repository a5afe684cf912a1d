import { Refusal } from '../../base/index.ts';
import { nearestName } from '../nearest.ts';

/** What the value of a label of ours may be. */
export type LabelType = 'boolean' | 'integer' | 'duration' | 'text';

export interface LabelRule {
  readonly type: LabelType;
  /** What holds when the label is absent. */
  readonly default: string;
  /** One line for the reference page. */
  readonly meaning: string;
}

const PREFIX = 'ruche.';

/** Every label by which a service turns on what Swarm does not have. A label enters when what it does is built. */
export const serviceLabels: Readonly<Record<string, LabelRule>> = {};

const valueForms: Readonly<Record<LabelType, { readonly form: RegExp; readonly expected: string }>> = {
  boolean: { form: /^(true|false)$/, expected: 'true or false' },
  integer: { form: /^-?\d{1,15}$/, expected: 'a whole number' },
  duration: { form: /^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/, expected: 'a duration such as 1m30s' },
  text: { form: /^/, expected: 'a text' },
};

/** Refuses labels of ours that do not exist, naming the nearest that does, and values of the wrong type. */
export function checkServiceLabels(
  labels: Readonly<Record<string, string>>,
  rules: Readonly<Record<string, LabelRule>> = serviceLabels,
): void {
  for (const [label, value] of Object.entries(labels)) {
    if (!label.startsWith(PREFIX)) continue;
    const rule = Object.hasOwn(rules, label) ? rules[label] : undefined;
    if (rule === undefined)
      throw new Refusal('label-unknown', { label, nearest: nearestName(label, Object.keys(rules)) });
    const { form, expected } = valueForms[rule.type];
    if (!form.test(value)) throw new Refusal('label-value-invalid', { label, value, expected });
  }
}
