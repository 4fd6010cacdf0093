// A store that decides: what was sent to it, what it has seen and what it keeps.
import { expect } from 'vitest'
import fc from 'fast-check'
import { decide, type Candidate, type Decision, type Head } from '../../src/model/candidate.ts'

type By = 'history' | 'latest'
/** An update as far as a decision looks at it: content `c` at time `t`. */
export interface Sent {
  readonly c: number
  readonly t: number
  readonly by?: By
}

export const candidateOf = ({ c, t, by = 'history' }: Sent, rules: readonly string[]): Candidate => {
  const mark = (rule: string) => ({ rule, content: `${rule} ${c}`, fingerprint: `${rule} ${c} at ${t}` })
  const [first = '', ...others] = rules
  return {
    entity: 'E',
    entityId: 'e',
    kind: 'full',
    by,
    occurredAt: String(t).padStart(4, '0'),
    source: 's',
    payload: '{}',
    marks: [mark(first), ...others.map(mark)],
  }
}

/** A store as a driver keeps it: a head, and the stored events' fingerprints under the current rule. */
export interface Store {
  head?: Head
  readonly marked: Map<string, number>
  readonly stored: Sent[]
  readonly decisions: Decision[]
}
export const newStore = (): Store => ({ marked: new Map(), stored: [], decisions: [] })

export const submit = (store: Store, sent: Sent, rules: readonly string[] = ['r']): Decision => {
  const candidate = candidateOf(sent, rules)
  const known = candidate.marks
    .map(({ fingerprint }) => store.marked.get(fingerprint))
    .filter((sequence) => sequence !== undefined)
  const decision = decide(candidate, store.head, known.length === 0 ? undefined : Math.min(...known))
  store.decisions.push(decision)
  if (decision._tag !== 'outdated' && decision.head !== undefined) store.head = decision.head
  if (decision._tag === 'store') {
    expect(decision.sequence).toBe(store.stored.push(sent))
    store.marked.set(candidate.marks[0].fingerprint, decision.sequence)
  }
  return decision
}
export const played = (stream: readonly Sent[], rules?: readonly string[]): Store => {
  const store = newStore()
  for (const sent of stream) submit(store, sent, rules)
  return store
}

export const streamOf = (by: By) =>
  fc.array(fc.record({ c: fc.nat(3), t: fc.nat(5), by: fc.constant(by) }), { maxLength: 40 })
export const key = ({ c, t }: Sent): string => `${c}@${t}`
export const latestOf = (stored: readonly Sent[]): number =>
  stored.reduce((best, { t }, i) => (t >= (stored[best] as Sent).t ? i : best), 0)
