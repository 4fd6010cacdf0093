// Datastore over its low-level client: lookups, single-use-transaction commits and key-ordered queries, one
// RPC each wherever that is possible.
import type { v1 } from '@google-cloud/datastore'
import { E, type TaskEither } from '../../../fp.ts'
import { codeOf, failureOf, grpc } from '../failure.ts'
import type { Properties, Value } from './value.ts'
import { backoff, pause } from '../../../waiting.ts'
import {
  type DatastoreError,
  type Key,
  type Found,
  type Mutation,
  type CommitFailure,
  type Query,
  type Datastore,
  keyText,
} from './datastore.ts'

/** Keys a lookup takes at most. https://cloud.google.com/datastore/docs/concepts/limits */
const lookupSize = 1_000

/** Milliseconds that a call may take; a read is tried so often where the server is away. */
const timeout = 15_000

const readTries = 3

type Rpc = v1.DatastoreClient

type LookupRequest = NonNullable<Parameters<Rpc['lookup']>[0]>

type WireKey = {
  readonly path?: readonly { readonly kind?: string | null; readonly name?: string | null }[] | null
}

interface EntityResult {
  readonly entity?: { readonly key?: WireKey | null; readonly properties?: unknown } | null
  readonly version?: unknown
}

const foundOf = ({ entity, version }: EntityResult): Found => {
  const path = entity?.key?.path?.[0]
  return {
    kind: path?.kind ?? '',
    name: path?.name ?? '',
    version: String(version ?? ''),
    properties: (entity?.properties ?? {}) as Properties,
  }
}

const isAway = (thrown: unknown): boolean =>
  (
    [grpc.unavailable, grpc.deadlineExceeded, grpc.internal, grpc.cancelled, grpc.unknown] as readonly (
      number | undefined
    )[]
  ).includes(codeOf(thrown))

const commitFailure = (verb: string, thrown: unknown): CommitFailure => {
  const error = failureOf(verb, thrown)
  const code = codeOf(thrown)
  if (code === grpc.alreadyExists || code === grpc.failedPrecondition || code === grpc.aborted)
    return { _tag: 'conflict', error }
  if (code === grpc.invalidArgument) return { _tag: 'refused', error }
  return { _tag: isAway(thrown) || code === undefined ? 'unknown' : 'failed', error }
}

// Reads only: they may be repeated. A commit that was not answered may have been done.
const reading =
  <A>(verb: string, call: () => Promise<A>): TaskEither<DatastoreError, A> =>
  async () => {
    for (let attempt = 1; ; attempt++) {
      try {
        return E.right(await call())
      } catch (thrown) {
        if (attempt >= readTries || !isAway(thrown)) return E.left(failureOf(verb, thrown))
        await pause(backoff(attempt, 100, 1_000))
      }
    }
  }

export interface Place {
  readonly projectId: string
  readonly databaseId: string
  readonly namespace: string
}

export const datastore = (rpc: Rpc, { projectId, databaseId, namespace }: Place): Datastore => {
  const partitionId = { projectId, databaseId, namespaceId: namespace }
  const options = { timeout, retry: null as never }
  const wireKey = ({ kind, name }: Key) => ({ partitionId, path: [{ kind, name }] })
  const keyValue = (key: Key): Value => ({ keyValue: wireKey(key) }) as Value

  const lookupOnce = async (keys: readonly Key[], found: Map<string, Found>): Promise<void> => {
    let wanted: LookupRequest['keys'] = keys.map(wireKey)
    while (wanted !== null && wanted !== undefined && wanted.length > 0) {
      const request: LookupRequest = { projectId, databaseId, keys: wanted }
      const [response] = await rpc.lookup(request, options)
      for (const each of response.found ?? []) {
        const one = foundOf(each as EntityResult)
        found.set(keyText(one), one)
      }
      wanted = response.deferred
    }
  }

  const wireMutation = (mutation: Mutation): object => {
    const key =
      'insert' in mutation ? mutation.insert : 'upsert' in mutation ? mutation.upsert : mutation.remove
    const what =
      'remove' in mutation
        ? { delete: wireKey(key) }
        : {
            ['insert' in mutation ? 'insert' : 'upsert']: {
              key: wireKey(key),
              properties: mutation.properties,
            },
          }
    const base = 'base' in mutation ? mutation.base : undefined
    return base === undefined ? what : { ...what, baseVersion: base, conflictResolutionStrategy: 'FAIL' }
  }

  const commit = async (mutations: readonly Mutation[], how: object): Promise<readonly string[]> => {
    const [response] = await rpc.commit(
      { projectId, databaseId, ...how, mutations: mutations.map(wireMutation) },
      options,
    )
    return (response.mutationResults ?? []).map(({ version }) => String(version ?? ''))
  }

  const queryOnce = async ({
    kind,
    after,
    until,
    where = [],
    orderBy,
    limit,
    keysOnly,
  }: Query): Promise<readonly Found[]> => {
    const conditions = [
      ...where.map(([name, op, value]) => ({ propertyFilter: { property: { name }, op, value } })),
      ...(after === undefined
        ? []
        : [
            {
              propertyFilter: {
                property: { name: '__key__' },
                op: 'GREATER_THAN',
                value: keyValue({ kind, name: after }),
              },
            },
          ]),
      ...(until === undefined
        ? []
        : [
            {
              propertyFilter: {
                property: { name: '__key__' },
                op: 'LESS_THAN_OR_EQUAL',
                value: keyValue({ kind, name: until }),
              },
            },
          ]),
    ]
    const found: Found[] = []
    for (let startCursor: unknown; found.length < limit;) {
      const query = {
        kind: [{ name: kind }],
        order: [{ property: { name: orderBy ?? '__key__' }, direction: 'ASCENDING' }],
        limit: { value: limit - found.length },
        ...(conditions.length === 0
          ? {}
          : { filter: { compositeFilter: { op: 'AND', filters: conditions } } }),
        ...(keysOnly === true ? { projection: [{ property: { name: '__key__' } }] } : {}),
        ...(startCursor === undefined ? {} : { startCursor }),
      }
      const [{ batch }] = await rpc.runQuery({ projectId, databaseId, partitionId, query } as never, options)
      for (const each of batch?.entityResults ?? []) found.push(foundOf(each as EntityResult))
      if (batch?.moreResults !== 'NOT_FINISHED') break
      startCursor = batch.endCursor
    }
    return found
  }

  return {
    lookup: (verb, keys) => async () => {
      const found = new Map<string, Found>()
      const distinct = [...new Map(keys.map((key) => [keyText(key), key])).values()]
      for (let i = 0; i < distinct.length; i += lookupSize) {
        const done = await reading(verb, () => lookupOnce(distinct.slice(i, i + lookupSize), found))()
        if (done._tag === 'Left') return done
      }
      return E.right(found)
    },
    commit: (verb, mutations) => async () => {
      try {
        return E.right(
          await commit(mutations, { mode: 'TRANSACTIONAL', singleUseTransaction: { readWrite: {} } }),
        )
      } catch (thrown) {
        return E.left(commitFailure(verb, thrown))
      }
    },
    write: (verb, mutations) => async () => {
      for (let i = 0; i < mutations.length; i += 500) {
        const done = await reading(verb, () =>
          commit(mutations.slice(i, i + 500), { mode: 'NON_TRANSACTIONAL' }),
        )()
        if (done._tag === 'Left') return done
      }
      return E.right(undefined)
    },
    query: (verb, query) => reading(verb, () => queryOnce(query)),
  }
}
