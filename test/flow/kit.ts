// What the flow tests share: pipelines on fresh folders that are closed again, and waiting for a condition
// instead of sleeping.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import {
  createPipeline,
  entity,
  y,
  type AnyEntity,
  type Closable,
  type Observe,
  type Pipeline,
  type Signal,
} from 'dreampipe'
import { embedded } from 'dreampipe/embedded'

export const Lead = entity('Lead', {
  properties: {
    id: y.string(),
    email: y.optional(y.string()),
    city: y.optional(y.string()),
    score: y.optional(y.integer()),
    tags: y.optional(y.list(y.string())),
    at: y.dateTime(),
  },
  identifier: ['id'],
  timestamp: 'at',
  deduplication: { by: 'history', ignore: ['city'] },
  attributes: ['email'],
  view: {
    index: ['email'],
    calculated: { domain: y.optional(y.string()) },
    calculate: (state) => ({ domain: state.email?.split('@')[1] ?? null }),
  },
})

export const temporaryFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'dreampipe-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Closes when the test ends. */
export const closing = <P extends Closable>(closable: P): P => {
  onTestFinished(() => closable.close())
  return closable
}

export interface Opened<E extends AnyEntity> {
  readonly pipeline: Pipeline<E>
  readonly signals: Signal[]
}

/** A pipeline in memory or a folder, with what it signals. */
export const open = <const L extends readonly AnyEntity[]>(
  entities: L,
  folder = ':memory:',
  more: { readonly maxAhead?: number } = {},
): Opened<L[number]> => {
  const signals: Signal[] = []
  const observe: Observe = (signal) => void signals.push(signal)
  return {
    pipeline: closing(createPipeline(entities, { driver: embedded({ folder }), observe, ...more })),
    signals,
  }
}

/** Waits until the condition holds; fails after `timeout` ms. */
export const until = async (condition: () => boolean | Promise<boolean>, timeout = 15_000): Promise<void> => {
  const end = Date.now() + timeout
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`still not so after ${timeout} ms: ${condition}`)
    await new Promise((resolve) => {
      setTimeout(resolve, 5)
    })
  }
}

export const collect = async <A>(items: AsyncIterable<A>): Promise<A[]> => {
  const all: A[] = []
  for await (const item of items) all.push(item)
  return all
}

export const day = (n: number): string => new Date(Date.UTC(2024, 0, n)).toISOString()
export const source = { source: 'test' }

const value = (propertyType: string, text: unknown): unknown => ({ propertyType, value: text })
export const wire = {
  string: (text: unknown) => value('String', text),
  dateTime: (text: unknown) => value('DateTime', text),
  integer: (text: unknown) => value('Integer', text),
  source: { eventSource: value('String', 'test') },
}

export interface Rejection {
  readonly _tag: string
  readonly message: string
  readonly retry?: boolean
  readonly path?: string
  readonly problems?: readonly { readonly code: string; readonly path: string; readonly message: string }[]
}

/** The error of a promise that must reject. */
export const errorOf = async (promise: Promise<unknown>): Promise<Rejection> => {
  const settled = await promise.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (settled === undefined) throw new Error('it did not reject')
  return settled as Rejection
}
