// Transformers: fill an update's enriched properties once, after it proved new and before it is appended.
import PQueue from 'p-queue'
import { E } from '../../fp.ts'
import type { Admitted } from '../../model/admit.ts'
import { checkFilled } from '../../model/declared.ts'
import type { Transformer } from '../../model/definition.ts'
import type { AnyEntity, Identifier } from '../../model/entity.ts'
import { reasonOf, transformFailed, type TransformFailed } from '../../model/errors.ts'
import { describeProblems, type Problem } from '../../model/problem.ts'
import { mapFromWire, toWire } from '../../model/wire.ts'
import type { EntityPropertyValue, Yadto } from '../../model/yadto.ts'
import type { Ports } from '../../ports/driver.ts'
import { backoff, pause, within } from '../../waiting.ts'
import { isPermanent, valueOf } from '../call.ts'
import { asOf } from '../query/past.ts'
import type { Schemas } from '../schemas.ts'

/** Transformations at once, tries of one that fails retryably, and milliseconds that one try may take. */
const concurrency = 16
const tries = 6
const patience = 30_000

type Values = { readonly [name: string]: unknown }
type TransformResult<A> = E.Either<TransformFailed, A>

export interface Transforming {
  readonly ports: Ports
  readonly schemas: Schemas
}

// Reads another entity's state as of this update's time, as known now; what fails is tried again with the
// whole transformation.
const contextOf = ({ ports, schemas }: Transforming, occurredAt: string) => ({
  asOf: async (entity: AnyEntity, id: Identifier<AnyEntity>): Promise<unknown> => {
    const past = await asOf(ports, schemas, entity.definition, id, occurredAt)()
    if (past._tag === 'Left') throw past.left
    return past.right
  },
})

// What a transformer made, unless it takes too long.
const limited = async (work: Promise<unknown>): Promise<unknown> => {
  const made = await within(
    patience,
    work.then((value) => ({ value })),
  )
  if (made === undefined) throw new Error(`it took more than ${patience / 1000} s`)
  return made.value
}

// One transformer, tried again while its failure may pass.
const attempt = async (
  entity: string,
  transformer: Transformer,
  values: Values,
  context: ReturnType<typeof contextOf>,
): Promise<TransformResult<Values>> => {
  for (let count = 1; ; count++) {
    try {
      const made = await limited(valueOf(transformer(values, context as never)))
      return E.right(typeof made === 'object' && made !== null ? (made as Values) : {})
    } catch (thrown) {
      if (isPermanent(thrown)) return E.left(transformFailed(entity, reasonOf(thrown), false, thrown))
      if (count === tries)
        return E.left(transformFailed(entity, `${reasonOf(thrown)} (after ${tries} tries)`, true, thrown))
      await pause(backoff(count, 100, 5_000))
    }
  }
}

const enrich = ({ definition }: Admitted, yadto: Yadto, made: Values): TransformResult<Yadto> => {
  const problems: Problem[] = []
  const enriched: { [name: string]: EntityPropertyValue } = { ...yadto }
  const filled: { [name: string]: EntityPropertyValue } = {}
  for (const [name, value] of Object.entries(made)) {
    const spec = definition.properties?.[name]
    if (value === undefined) continue
    if (spec?.mode !== 'enriched')
      return E.left(transformFailed(definition.name, `${name} is not declared with y.enriched`, false))
    enriched[name] = filled[name] = toWire(spec, value, name, problems)
  }
  checkFilled(definition.properties ?? {}, filled, definition, problems)
  return problems.length > 0
    ? E.left(transformFailed(definition.name, describeProblems(problems), false))
    : E.right(
        Object.fromEntries(
          Object.keys(enriched)
            .sort()
            .map((name) => [name, enriched[name] as EntityPropertyValue]),
        ),
      )
}

/** Whether an update is one that transformers work on. */
export const isTransformed = ({ definition, metadata }: Admitted): boolean =>
  definition.transform.length > 0 && metadata.operation === 'upsert'

/** Runs transformations, a bounded number at once. */
export const newTransformQueue = (): PQueue => new PQueue({ concurrency })

/** The update's content with the enriched properties; each transformer sees what those before it added. */
export const transform = (
  queue: PQueue,
  transforming: Transforming,
  admitted: Admitted,
): Promise<TransformResult<Yadto>> =>
  queue.add(async () => {
    const { definition, content, occurredAt } = admitted
    const context = contextOf(transforming, occurredAt)
    let yadto = content
    for (const transformer of definition.transform) {
      const values = E.tryCatch(
        () =>
          mapFromWire(definition.properties, yadto, '', ({ path, message }) => {
            throw new Error(`${path}: ${message}`)
          }),
        reasonOf,
      )
      if (values._tag === 'Left') return E.left(transformFailed(definition.name, values.left, false))
      const made = await attempt(definition.name, transformer, values.right, context)
      const enriched = made._tag === 'Left' ? made : enrich(admitted, yadto, made.right)
      if (enriched._tag === 'Left') return enriched
      yadto = enriched.right
    }
    return E.right(yadto)
  })
