// What every verb passes through: the pipeline is open and connected, and knows the entity. Errors and values
// keep their types on the way, so that a verb wired to another one's work does not compile.
import { pipe, TE, type TaskEither } from '../fp.ts'
import type { AnyEntity, DefinitionOf } from '../model/entity.ts'
import type { DreampipeError, Infra, UnknownEntity } from '../model/errors.ts'
import { checkChoice, checkOptions, knownOptions } from '../model/options.ts'
import type { Ports } from '../ports/driver.ts'
import { definitionFor, verb, type Context } from './context.ts'
import type { Connected } from './runtime.ts'
import { targets } from './prove/prove.ts'
import type { Schemas } from './schemas.ts'

/** The ways in: with the ports, with an entity's definition besides, or with the definition alone. */
export interface Boundary {
  readonly onPorts: <Er extends DreampipeError, A>(
    name: string,
    work: (ports: Ports, schemas: Schemas) => TaskEither<Er, A>,
    options?: unknown,
  ) => TaskEither<Er | Infra, A>
  readonly onEntity: <L extends AnyEntity, Er extends DreampipeError, A>(
    name: string,
    entity: L,
    work: (definition: DefinitionOf<L>, ports: Ports, schemas: Schemas) => TaskEither<Er, A>,
    options?: unknown,
  ) => TaskEither<Er | Infra | UnknownEntity, A>
  /** Work that connects by itself, on an entity that this pipeline knows. */
  readonly known: <Er extends DreampipeError, A>(
    name: string,
    entity: AnyEntity,
    work: TaskEither<Er, A>,
    options?: unknown,
  ) => TaskEither<Er | Infra | UnknownEntity, A>
}

// Only verbs with options of their own are in the table; a throw here is the verb's left.
const checkVerb = (name: string, options: unknown): void => {
  if (Object.hasOwn(knownOptions, name)) checkOptions(name as keyof typeof knownOptions, options)
  if (name === 'rebuild') checkChoice('rebuild', 'target', (options as { target?: unknown })?.target, targets)
}

export const boundary = (context: Context, connect: TaskEither<Infra, Connected>): Boundary => {
  const onPorts: Boundary['onPorts'] = (name, work, options) =>
    verb(context, name, () => {
      checkVerb(name, options)
      return pipe(
        connect,
        TE.flatMap(({ ports, schemas }) => work(ports, schemas)),
      )
    })
  return {
    onPorts,
    onEntity: (name, entity, work, options) =>
      onPorts(
        name,
        (ports, schemas) =>
          pipe(
            TE.fromEither(definitionFor(context, name, entity)),
            TE.flatMap((definition) => work(definition, ports, schemas)),
          ),
        options,
      ),
    known: (name, entity, work, options) =>
      verb(context, name, () => {
        checkVerb(name, options)
        return pipe(
          TE.fromEither(definitionFor(context, name, entity)),
          TE.flatMap(() => work),
        )
      }),
  }
}
