// The view of one entity: which part of its state shows, and what is calculated from it.
import { checkFilled } from '../../model/declared.ts'
import type { Definition } from '../../model/definition.ts'
import { describeProblems, type Problem } from '../../model/problem.ts'
import { isAlive, type Folded } from '../../model/state.ts'
import { mapFromWire, mapToWire, type Unreadable } from '../../model/wire.ts'
import type { EntityPropertyValue, Yadto } from '../../model/yadto.ts'
import type { ViewDocument, ViewTable } from '../../ports/view-store.ts'

/** What a calculation cannot be: thrown inside, it parks the entity. */
const refuse = (why: string): never => {
  throw Object.assign(new Error(why), { retry: false })
}

const unreadable = ({ path, message }: Unreadable): never => refuse(`${path}: ${message}`)

/**
 * The calculated values of a state, as wire values. Throws where `calculate` does or returns what its
 * declaration does not hold.
 */
export const calculated = ({ view, properties }: Definition, { fold, state }: Folded): Yadto => {
  if (view.calculate === undefined || fold.last === undefined) return {}
  const values = view.calculate(mapFromWire(properties, state, '', unreadable), fold.last)
  const problems: Problem[] = []
  const wire = mapToWire(view.calculated, values ?? {}, 'calculate', problems)
  for (const [name, spec] of Object.entries(view.calculated))
    if (spec.mode === 'required' && wire[name] === undefined)
      problems.push({ code: 'Missing', path: `calculate.${name}`, message: 'calculate did not return it' })
  checkFilled(view.calculated, wire, { attributes: [], view }, problems)
  return problems.length === 0 ? wire : refuse(describeProblems(problems))
}

const shownPart = ({ view }: Definition, state: Yadto): Yadto => {
  if (view.properties === undefined) return state
  const shown: { [name: string]: EntityPropertyValue } = {}
  for (const name of view.properties)
    if (Object.hasOwn(state, name)) shown[name] = state[name] as EntityPropertyValue
  return shown
}

const keepsState = ({ view, updates }: Definition): boolean =>
  view.properties !== undefined && updates === 'partial'

/** The document of a state after the events 1 to `sequence`. Throws where the calculation does. */
export const documentOf = (
  definition: Definition,
  entityId: string,
  sequence: number,
  folded: Folded,
): ViewDocument => {
  const deleted = !isAlive(folded)
  return {
    entityId,
    sequence,
    deleted,
    fold: keepsState(definition) ? { ...folded.fold, state: folded.state } : folded.fold,
    content: deleted ? {} : { ...shownPart(definition, folded.state), ...calculated(definition, folded) },
  }
}

/**
 * The state that a document holds, or undefined where it shows too little of it to go on: then history tells.
 */
export const foldedOf = (definition: Definition, document: ViewDocument): Folded | undefined => {
  const { state, ...fold } = document.fold
  if (state !== undefined) return { fold, state }
  if (document.deleted) return Object.keys(fold.set).length === 0 ? { fold, state: {} } : undefined
  if (
    definition.view.properties !== undefined &&
    (definition.updates === 'partial' || Object.keys(fold.set).length > 0)
  )
    return undefined
  const own: { [name: string]: EntityPropertyValue } = {}
  for (const name in document.content)
    if (!Object.hasOwn(definition.view.calculated, name))
      own[name] = document.content[name] as EntityPropertyValue
  return { fold, state: own }
}

export const tableOf = ({ name, view }: Definition, generation: number): ViewTable => ({
  entity: name,
  generation,
  index: view.index,
})
