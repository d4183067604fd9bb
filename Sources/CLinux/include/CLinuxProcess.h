// Other processes: pidfd_open(2) and pidfd_send_signal(2), which Debian 12's headers have not in a form that Swift sees,
// pipe2(2), which they have for GNU's C only, and fork(2), which Swift does not import because a copy of a process with
// threads must run no Swift.
#pragma once

#include <stddef.h>
#include <stdint.h>

// A descriptor that stands for a process, even after its number is given to another: -1 with errno.
int CLinux_pidfd_open(int32_t process);

// 0, or -1 with errno. ESRCH: the process has ended.
int CLinux_pidfd_send_signal(int pidfd, int signal);

// The reading and the writing end of a new pipe, of which programs that this process starts get neither, whenever another
// thread starts them: 0, or -1 with errno.
int CLinux_pipe(int32_t *_Nonnull ends);

// A byte, 0 at first, in memory that this process shares with those it forks from now on: NULL with errno.
uint8_t *_Nullable CLinux_map_shared_byte(void);

void CLinux_unmap_shared_byte(uint8_t *_Nonnull byte);

// Atomically, and before whatever this thread does next.
void CLinux_store_shared_byte(uint8_t *_Nonnull byte, uint8_t value);

// Starts a child process that waits until `lifeline`, the reading end of a pipe, ends. If it ends without a byte, this
// process has died: unless `in_force`, a shared byte, is 0 then, the child writes a line of `lines` to the start of each of
// `targets`, one after the other, or, without any lines, lets the processes go on whose pidfds they are. The child is in a
// session of its own and keeps no other descriptor of this process open. Its process number, or -1 with errno.
int32_t CLinux_start_guardian(
    int lifeline, const uint8_t *_Nonnull in_force, const int32_t *_Nonnull targets, size_t target_count,
    const uint8_t *_Nonnull lines, size_t byte_count);
