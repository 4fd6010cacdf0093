// Entities: kinds of things with identity and history, declared once and read by every part of the pipeline.
import type { TaskEither } from '../fp.ts'
import { toDelete, toUpdate } from './builder.ts'
import { checkedDefinition, type Definition } from './definition.ts'
import type { EventInfo } from './event.ts'
import type { Enriched, Inputs, Key, LearnedProperties, Properties, Simplify, Values } from './property.ts'
import type { Meta, Update } from './update.ts'
import type { PropertyType, Yadto } from './yadto.ts'

type Scalar = Exclude<PropertyType, 'List' | 'EmbeddedObject' | 'Json' | 'Bytes'>
type Keys = { updates: 'full' | 'partial'; identifier: string; timestamp: string }
/** What the types of an entity say; it has no value at run time (`definition` is what runs). */
export interface Shape extends Keys {
  properties: Properties
  attributes: string
  view: string
  index: string
  calculated: Properties
}
type Sparse<S extends Keys, V> = S['updates'] extends 'full'
  ? V
  : Simplify<Pick<V, (S['identifier'] | S['timestamp']) & keyof V> & Partial<V>>
/** What a builder takes for an upsert. */
export type Upsert<S extends Shape> = Sparse<S, Inputs<S['properties']>>
/** What a builder takes for a delete: identifier and timestamp. */
export type Delete<S extends Shape> = {
  readonly [K in S['identifier'] | S['timestamp']]: S['properties'][K]['_I']
}

/** A declared entity: its name, its definition, and its typed builder. */
export interface Entity<N extends string, S extends Shape> {
  readonly name: N
  /** Only in the types. */
  readonly shape: S
  readonly definition: Definition
  /** An upsert as data. It never throws: what is wrong surfaces when it is submitted. */
  toUpdate(values: Upsert<S>, meta: Meta): Update<N>
  /** A delete as data: identifier and timestamp. */
  toDelete(keys: Delete<S>, meta: Meta): Update<N>
}
/** Any entity, whatever its types. */
export type AnyEntity = Entity<string, Shape>
/** An entity's definition as it runs, with the entity's types beside it (`_L` is only in the types). */
export type DefinitionOf<L extends AnyEntity> = Definition & { readonly _L?: L }
/** An entity's properties as an event's state holds them. */
export type State<L extends AnyEntity> = Sparse<L['shape'], Values<L['shape']['properties']>>
/** What the material view shows: its properties and the calculated values. */
export type View<L extends AnyEntity> = Simplify<
  Pick<State<L>, L['shape']['view'] & keyof State<L>> & Values<L['shape']['calculated']>
>
/** A past state: every property, and the calculated values. */
export type Past<L extends AnyEntity> = Simplify<State<L> & Values<L['shape']['calculated']>>
/** The values that name one entity. */
export type Identifier<L extends AnyEntity> = {
  readonly [K in L['shape']['identifier']]: string extends keyof L['shape']['properties']
    ? string | number | bigint | boolean
    : L['shape']['properties'][K]['_I']
}
/** Indexed properties and the values to find. */
export type Where<L extends AnyEntity> = {
  readonly [K in L['shape']['index']]?: K extends keyof View<L> ? View<L>[K] : never
}
/** The identifier's values as they are read. */
export type IdentifierOf<L extends AnyEntity> = {
  readonly [K in L['shape']['identifier']]: string extends keyof L['shape']['properties']
    ? unknown
    : L['shape']['properties'][K]['_A']
}
/** An event as its readers see it: whose it is, and its typed content, or a delete without any. */
export type EventOf<L extends AnyEntity> = EventInfo & { readonly identifier: IdentifierOf<L> } & (
    | { readonly operation: 'upsert'; readonly properties: State<L>; readonly yadto: Yadto }
    | { readonly operation: 'delete' }
  )

/** What a callback may return. */
export type MaybeTask<A> = A | PromiseLike<A> | TaskEither<unknown, A>
/** What a transformer can ask: another entity's state as of the update's own time, as known now. */
export interface TransformContext {
  readonly asOf: <L extends AnyEntity>(entity: L, id: Identifier<L>) => Promise<Past<L> | undefined>
}

/**
 * Declares an entity. Throws `InvalidDefinition` at once where the definition is bad.
 * @example
 * import { entity, y } from 'dreampipe'
 *
 * const Lead = entity('Lead', {
 *   properties: { id: y.string(), email: y.optional(y.string()), updatedAt: y.dateTime() },
 *   identifier: ['id'],
 *   timestamp: 'updatedAt',
 *   view: { index: ['email'] },
 * })
 * Lead.toUpdate({ id: '1', email: 'ada@example.org', updatedAt: new Date() }, { source: 'crm' })
 */
export const entity = <
  const N extends string,
  const I extends Key<P, Scalar, 'required'>,
  const T extends Key<P, 'DateTime' | 'String', 'required'>,
  P extends Properties = LearnedProperties,
  U extends 'full' | 'partial' = 'full',
  const A extends Key<P, Scalar> = never,
  const V extends keyof P & string = keyof P & string,
  C extends Properties = {},
  const X extends (Key<P, Scalar> & V) | Key<C, Scalar> = never,
>(
  name: N,
  definition: {
    /** The properties; without them the entity learns its schema from the data. */
    readonly properties?: P
    /** What to do with properties that are not declared: make them columns, or reject the update. */
    readonly additionalProperties?: 'accept' | 'reject'
    /** One or more required scalars; together they name the entity. */
    readonly identifier: readonly [I, ...I[]]
    /** When it last changed, at the source. */
    readonly timestamp: T
    /** Whether an update carries everything or only what changed. */
    readonly updates?: U
    /** Properties copied to message attributes, so that subscriptions can filter. */
    readonly attributes?: readonly A[]
    /**
     * `history`: content that was ever stored is a duplicate. `latest`: content that is stored now. Ignored
     * properties are not compared.
     */
    readonly deduplication?: {
      readonly by: 'history' | 'latest'
      readonly ignore?: readonly (keyof P & string)[]
    }
    /** Fill the enriched properties. */
    readonly transform?: readonly ((
      update: Sparse<{ updates: U; identifier: I; timestamp: T }, Values<Omit<P, Enriched<P>>>>,
      context: TransformContext,
    ) => MaybeTask<Partial<Values<Pick<P, Enriched<P>>>>>)[]
    /**
     * The material view: its properties (all of them where none are named), its indexes, and calculated
     * values.
     */
    readonly view?: {
      readonly properties?: readonly V[]
      readonly calculated?: C
      readonly index?: readonly X[]
      readonly calculate?: (
        state: Sparse<{ updates: U; identifier: I; timestamp: T }, Values<P>>,
        event: EventInfo,
      ) => Values<C>
    }
  },
): Entity<
  N,
  { properties: P; identifier: I; timestamp: T; updates: U; attributes: A; view: V; index: X; calculated: C }
> => entityOf(checkedDefinition(name, definition as never)) as never

/** An entity of a checked definition; what `entity` and configuration make theirs with. */
export const entityOf = (definition: Definition): AnyEntity => ({
  name: definition.name,
  shape: undefined as never,
  definition,
  toUpdate: (values, meta) => toUpdate(definition, values, meta),
  toDelete: (keys, meta) => toDelete(definition, keys, meta),
})
