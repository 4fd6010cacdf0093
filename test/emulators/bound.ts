// Servers that end with the process that started them, however it ends: a killed test leaves none behind.
import { spawn, type ChildProcess } from 'node:child_process'
import type { Socket } from 'node:net'

// The pipe closes when this process is gone, and the whole group of the shell is killed then.
const script =
  'exec 3<&0; "$0" "$@" </dev/null & server=$!; (cat <&3 >/dev/null; kill -9 -$$) & ' +
  'wait "$server"; kill -9 -$$'

/**
 * Starts a server in a process group of its own, which `process.kill(-pid, signal)` reaches as a whole. The
 * group is killed as soon as this process has ended.
 */
export const spawnBound = (
  file: string,
  args: readonly string[],
  options: { readonly env?: NodeJS.ProcessEnv; readonly complains?: boolean } = {},
): ChildProcess => {
  const started = spawn('sh', ['-c', script, file, ...args], {
    detached: true,
    env: options.env ?? process.env,
    stdio: ['pipe', 'ignore', options.complains === true ? 'inherit' : 'ignore'],
  })
  ;(started.stdin as Socket).unref()
  return started
}
