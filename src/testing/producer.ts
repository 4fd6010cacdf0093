// Laws of anybody's producer, under any test runner: resumable from every cursor, nothing lost when killed
// between any two steps, replay idempotent, errors typed.
import assert from 'node:assert/strict'
import type { AnyEntity } from '../model/entity.ts'
import type { Change, Page, PageContext, Producer, ProducerDefinition } from '../model/producer.ts'
import type { Update } from '../model/update.ts'

/**
 * What the laws need of a pipeline: `createPipeline([Entity], { driver: embedded({ folder: ':memory:' }) })`.
 */
export interface ProducerPipeline {
  readonly run: (
    producer: never,
    options?: { readonly tries?: number },
  ) => Promise<{
    readonly stored: number
    readonly duplicate: number
    readonly outdated: number
    readonly rejected: number
    readonly records: number
    readonly ended: string
  }>
  readonly close: () => Promise<void>
}

/** What `testProducer` needs: a test runner, the producer, and an empty pipeline of its entity. */
export interface ProducerTest<L extends AnyEntity, R, C> {
  /** The runner's: `(name, run) => test(name, run)`. */
  readonly test: (name: string, run: () => Promise<void>) => void
  /**
   * The producer on a source that answers the same each time: fixtures, or a local server. Called for every
   * reading.
   */
  readonly producer: () => Producer<L, R, C> | Promise<Producer<L, R, C>>
  /** An empty pipeline of the producer's entity. */
  readonly pipeline: () => ProducerPipeline | Promise<ProducerPipeline>
  /** Kills tried, spread over all steps; 30 unless said. */
  readonly kills?: number
}

type Definition<L extends AnyEntity, R, C> = ProducerDefinition<L, C, R>

const contextOf = (): PageContext => ({
  signal: new AbortController().signal,
  budget: { left: () => Infinity, spend: () => true },
  warn: () => undefined,
  live: async function* () {
    yield []
  },
})

const pagesOf = async <L extends AnyEntity, R, C>(
  { pages }: Definition<L, R, C>,
  from: C,
): Promise<readonly Page<R, C>[]> => {
  const all: Page<R, C>[] = []
  for await (const page of pages(from, contextOf())) all.push(page)
  return all
}

const texts = (pages: readonly Page<unknown, unknown>[]): readonly string[] =>
  pages.flatMap(({ records }) => records.map((record) => JSON.stringify(record)))

// A cursor as it comes back from the store.
const stored = <L extends AnyEntity, R, C>({ cursor }: Definition<L, R, C>, value: C): C => {
  const decoded = cursor.decode(JSON.parse(JSON.stringify(cursor.encode(value))))
  assert.equal(
    decoded._tag,
    'Right',
    `the cursor ${JSON.stringify(value)} does not fit its own codec when it comes back`,
  )
  return (decoded as { readonly right: C }).right
}

/** Ends at a step: before a page is handed out, when the next one is asked for, at the end. */
const dyingAt = <L extends AnyEntity, R, C>(
  { definition, ...producer }: Producer<L, R, C>,
  step: number,
): { readonly producer: Producer<L, R, C>; readonly steps: () => number } => {
  let steps = 0
  const die = (): void => {
    if (steps++ === step) throw Object.assign(new Error(`killed at step ${step}`), { retry: false })
  }
  const pages = async function* (from: C, context: PageContext): AsyncGenerator<Page<R, C>> {
    for await (const page of definition.pages(from, context)) {
      die()
      yield page
      die()
    }
    die()
  }
  return { producer: { ...producer, definition: { ...definition, pages } }, steps: () => steps }
}

const withPipeline = async <A>(
  open: () => ProducerPipeline | Promise<ProducerPipeline>,
  work: (pipeline: ProducerPipeline) => Promise<A>,
): Promise<A> => {
  const pipeline = await open()
  try {
    return await work(pipeline)
  } finally {
    await pipeline.close()
  }
}

// The pipeline is of the producer's entity; what it is called for is the caller's to know.
const runOn = <L extends AnyEntity, R, C>(
  pipeline: ProducerPipeline,
  producer: Producer<L, R, C>,
  options?: { readonly tries?: number },
): ReturnType<ProducerPipeline['run']> => pipeline.run(producer as never, options)

/** The same producer with a cursor of its own, which begins at the start. */
const renamed = <L extends AnyEntity, R, C>(
  { definition, ...rest }: Producer<L, R, C>,
  name: string,
): Producer<L, R, C> => ({ ...rest, name, definition: { ...definition, name } })

const updatesOf = (made: Update | readonly Update[]): readonly Update[] =>
  Array.isArray(made) ? (made as readonly Update[]) : [made as Update]

/**
 * Hands each law to the test runner: cursors come back from the store, what is behind a cursor comes,
 * `normalise` is pure, a replay stores nothing, and a run that is killed between any two steps loses nothing.
 * @example
 * import { test } from 'node:test'
 * import { createPipeline, entity, producer, y } from 'dreampipe'
 * import { embedded } from 'dreampipe/embedded'
 * import { t } from 'dreampipe/fp'
 * import { testProducer } from 'dreampipe/testing'
 *
 * const Reading = entity('Reading', {
 *   properties: { sensor: y.string(), at: y.dateTime() },
 *   identifier: ['sensor'],
 *   timestamp: 'at',
 * })
 * const source = [{ sensor: 'a', at: '2024-01-01T00:00:00Z' }]
 * testProducer({
 *   test: (name, run) => void test(name, run),
 *   producer: () =>
 *     producer({
 *       name: 'sensors',
 *       entity: Reading,
 *       cursor: t.number,
 *       start: 0,
 *       async *pages(from) {
 *         if (from < source.length) yield { records: source.slice(from), cursor: source.length }
 *       },
 *       normalise: (row, to) => to.update(row),
 *     }),
 *   pipeline: () => createPipeline([Reading], { driver: embedded({ folder: ':memory:' }) }),
 * })
 */
export const testProducer = <L extends AnyEntity, R, C>({
  test,
  producer,
  pipeline,
  kills = 30,
}: ProducerTest<L, R, C>): void => {
  test('cursors: each comes back from the store as it was, and the start fits the codec', async () => {
    const { definition } = await producer()
    stored(definition, definition.start)
    for (const page of await pagesOf(definition, definition.start))
      assert.deepEqual(stored(definition, page.cursor), page.cursor)
  })

  test('resumable: behind every cursor come all the records that were not before it', async () => {
    const { definition } = await producer()
    const all = await pagesOf(definition, definition.start)
    assert.ok(all.length > 0, 'the source answers at least one page, or nothing is shown')
    for (const [i, page] of all.entries()) {
      const { definition: again } = await producer()
      const rest = new Set(texts(await pagesOf(again, stored(again, page.cursor))))
      const lost = texts(all.slice(i + 1)).filter((text) => !rest.has(text))
      assert.deepEqual(lost, [], `behind the cursor of page ${i + 1} these records do not come`)
    }
  })

  test('normalise: makes updates of its own entity, the same ones each time', async () => {
    const { definition } = await producer()
    const meta = { source: definition.name }
    const change: Change<L> = {
      update: (values) => definition.entity.toUpdate(values, meta),
      delete: (keys) => definition.entity.toDelete(keys, meta),
    }
    for (const { records } of await pagesOf(definition, definition.start)) {
      for (const record of records) {
        const make = (): string => {
          try {
            return JSON.stringify(updatesOf(definition.normalise(record, change)))
          } catch (thrown) {
            return String(thrown)
          }
        }
        const made = make()
        assert.equal(make(), made, 'normalise is a pure function: no clock, no chance')
        for (const update of made.startsWith('[') ? (JSON.parse(made) as readonly Update[]) : [])
          assert.equal(update.entity, definition.entity.name)
      }
    }
  })

  test('replay: everything once more stores nothing', () =>
    withPipeline(pipeline, async (opened) => {
      const first = await runOn(opened, await producer())
      const source = await producer()
      const again = await runOn(opened, renamed(source, `${source.name}.again`))
      assert.deepEqual([again.stored, again.records], [0, first.records])
    }))

  test('killed between any two steps, the next run loses nothing and doubles nothing', async () => {
    const whole = await withPipeline(pipeline, async (opened) => runOn(opened, await producer()))
    const counting = dyingAt(await producer(), Infinity)
    await withPipeline(pipeline, async (opened) => runOn(opened, counting.producer))
    const every = Math.max(1, Math.ceil(counting.steps() / kills))
    for (let step = 0; step < counting.steps(); step += every) {
      await withPipeline(pipeline, async (opened) => {
        const killed = await runOn(opened, dyingAt(await producer(), step).producer, { tries: 1 }).then(
          () => undefined,
          (error: { readonly _tag?: unknown }) => error,
        )
        assert.equal(killed?._tag, 'SourceFailed', `killed at step ${step}, the run ends with a tagged error`)
        await runOn(opened, await producer())
        // What is in the store now: everything once more is a duplicate, or outdated, of it.
        const source = await producer()
        const check = await runOn(opened, renamed(source, `${source.name}.check`))
        assert.deepEqual(
          [check.stored, check.duplicate + check.outdated],
          [0, whole.stored + whole.duplicate + whole.outdated],
          `after a kill at step ${step}`,
        )
      })
    }
  })
}
