// What every verb works with: the definitions, the ports once connected, and whom to tell.
import { E, type TaskEither } from '../fp.ts'
import type { AnyEntity, DefinitionOf } from '../model/entity.ts'
import type { Definition } from '../model/definition.ts'
import {
  closed,
  isDreampipeError,
  unavailable,
  unknownEntity,
  type Closed,
  type DreampipeError,
  type Infra,
  type UnknownEntity,
} from '../model/errors.ts'
import type { Observe } from './signal.ts'

export interface Context {
  /** By name. */
  readonly definitions: ReadonlyMap<string, Definition>
  readonly observe: Observe
  /** Milliseconds that a timestamp may lie ahead of the clock. */
  readonly maxAhead: number
  readonly isClosed: () => boolean
}

/** The definition of an entity of this pipeline. */
export const definitionOf = (
  context: Context,
  verb: string,
  name: string,
): E.Either<UnknownEntity, Definition> => {
  const definition = context.definitions.get(name)
  return definition === undefined
    ? E.left(unknownEntity(verb, name, [...context.definitions.keys()]))
    : E.right(definition)
}

/** The same by the entity itself, with its types; anything may stand there where nobody checks types. */
export const definitionFor = <L extends AnyEntity>(
  context: Context,
  verb: string,
  entity: L,
): E.Either<UnknownEntity, DefinitionOf<L>> => definitionOf(context, verb, String(entity?.name))

// A call that its types do not allow, from JavaScript: an error that no verb's own union lists.
const misused = <Er>(thrown: unknown): E.Either<Er, never> => E.left(thrown as Er)

/**
 * A verb's own boundary: refuses once closed, and turns a throw that nobody foresaw into an error. `work`
 * runs only when the task does.
 */
export const verb =
  <Er extends DreampipeError, A>(
    context: Context,
    name: string,
    work: () => TaskEither<Er, A> | Promise<E.Either<Er, A>>,
  ): TaskEither<Er | Infra, A> =>
  async () => {
    if (context.isClosed()) return E.left<Er | Closed>(closed(name))
    try {
      const made = work()
      return await (typeof made === 'function' ? made() : made)
    } catch (thrown) {
      return isDreampipeError(thrown, 'InvalidDefinition')
        ? misused(thrown)
        : E.left(unavailable(name, 'an unforeseen failure', thrown))
    }
  }
