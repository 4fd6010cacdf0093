// The schemas in use: the stored ones with this process' definitions taken in, remembered between batches.
import { E, type TaskEither } from '../fp.ts'
import { declaredSchema, type Definition } from '../model/definition.ts'
import {
  contention,
  schemaConflict,
  type Contention,
  type Infra,
  type SchemaConflict,
} from '../model/errors.ts'
import type { EntitySchema } from '../model/schema.ts'
import { reconcile } from '../model/reconcile.ts'
import type { EventStore } from '../ports/event-store.ts'

/**
 * A schema as the next batch finds it: what is stored at `version`, and `schema` where this process'
 * definition is taken in.
 */
interface SchemaInUse {
  readonly version: number
  readonly stored: EntitySchema | undefined
  readonly schema: EntitySchema
}

export interface Schemas {
  readonly load: (definition: Definition) => TaskEither<Infra | Contention | SchemaConflict, SchemaInUse>
  readonly peek: (entity: string) => EntitySchema | undefined
  /** What a batch put in place. */
  readonly replace: (entity: string, version: number, schema: EntitySchema) => void
  readonly forget: (entity: string) => void
  /**
   * Puts the definition's part of the schema in the store, so that readers know the columns before the first
   * event.
   */
  readonly declare: (definition: Definition) => TaskEither<Infra | Contention | SchemaConflict, void>
}

const tries = 20

export const schemas = (store: EventStore): Schemas => {
  const known = new Map<string, SchemaInUse>()
  const load: Schemas['load'] = (definition) => async () => {
    const found = known.get(definition.name)
    if (found !== undefined) return E.right(found)
    const loaded = await store.schema(definition.name)()
    if (loaded._tag === 'Left') return loaded
    const reconciled = reconcile(loaded.right?.schema, declaredSchema(definition))
    if ('problems' in reconciled) return E.left(schemaConflict(definition.name, reconciled.problems))
    const inUse: SchemaInUse = {
      version: loaded.right?.version ?? 0,
      stored: loaded.right?.schema,
      schema: reconciled.schema,
    }
    known.set(definition.name, inUse)
    return E.right(inUse)
  }
  const declare: Schemas['declare'] = (definition) => async () => {
    for (let attempt = 0; attempt < tries; attempt++) {
      const loaded = await load(definition)()
      if (loaded._tag === 'Left') return loaded
      const { schema, stored, version } = loaded.right
      if (schema === stored) return E.right(undefined)
      const saved = await store.saveSchema(
        definition.name,
        stored === undefined ? { ...schema, unused: true } : schema,
        version,
      )()
      if (saved._tag === 'Left') return saved
      known.delete(definition.name)
    }
    return E.left(contention(`schema ${definition.name}`, 'other processes keep changing it'))
  }
  return {
    load,
    declare,
    peek: (entity) => known.get(entity)?.schema,
    replace: (entity, version, schema) => void known.set(entity, { version, stored: schema, schema }),
    forget: (entity) => void known.delete(entity),
  }
}
