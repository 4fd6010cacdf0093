// provision: what a pipeline needs beforehand, as a plan or done; it only ever adds.
import { E, type TaskEither } from '../fp.ts'
import type { Contention, Infra } from '../model/errors.ts'
import type { Ports, ProvisionStep, Wanted } from '../ports/driver.ts'

/** How a pipeline is provisioned. */
export interface ProvisionOptions {
  /** Makes what is missing; without it, nothing changes. */
  readonly apply?: boolean
}

/** What is there, was made, or is missing. */
export interface Provisioned {
  readonly steps: readonly ProvisionStep[]
  /** The same in lines, to print. */
  readonly report: string
}

const line = ({ kind, name, state, note }: ProvisionStep): string =>
  `${state.padEnd(8)}${kind.padEnd(13)}${name}${note === undefined ? '' : `  (${note})`}`

const reportOf = (steps: readonly ProvisionStep[], apply: boolean, notes: readonly string[]): string => {
  if (steps.length === 0) return 'nothing need be there beforehand'
  const missing = steps.filter(({ state }) => state === 'missing').length
  return [
    ...steps.map(line),
    ...(missing > 0 && !apply ? [`${missing} missing: provision({ apply: true }) makes them`] : []),
    ...notes,
  ].join('\n')
}

/**
 * Plans, or with `apply` makes, what the pipeline's entities and subscriptions need. Repeatable; never
 * deletes, never changes what is there.
 */
export const provision =
  (
    ports: Ports,
    wanted: Wanted,
    { apply = false }: ProvisionOptions,
  ): TaskEither<Infra | Contention, Provisioned> =>
  async () => {
    const steps = ports.provision === undefined ? E.right([]) : await ports.provision(wanted, apply)()
    return steps._tag === 'Left'
      ? steps
      : E.right({ steps: steps.right, report: reportOf(steps.right, apply, ports.provisionNotes ?? []) })
  }
