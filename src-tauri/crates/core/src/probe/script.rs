//! The shell that runs on servers: POSIX `sh`, tried with dash, bash and BusyBox.
//!
//! It reads and prints; it writes nothing, changes no setting of the server, and never reads the standard input that its own
//! commands come in on.

/// See [`super::remote::SCRIPT`].
///
/// - `LC_ALL=C` keeps numbers and words the same everywhere; GNU `df` prints names in any encoding untouched under it.
/// - `tail` prints a `==> file <==` header before each of several files (GNU, BusyBox and toybox alike), skips one that is
///   missing, and is a single process.
/// - `df` may hang on a network filesystem whose server is gone, hence the time limit, where the system has `timeout`; the
///   trial tells old BusyBox ones (`timeout -t 5`) apart. Where it ran out (124 with GNU, 143 with BusyBox), the second `df`
///   is not even tried; a status of 1 only says that one of the filesystems could not be asked.
/// - `cut` drops the second half of each process line, which is of no use; 39 words are enough where every one of the at
///   most 15 characters of the name is a space.
/// - `stat` is not everywhere; `ls -ldn` prints the same numbers with more around them.
pub(super) const SCRIPT: &str = r#"LC_ALL=C; export LC_ALL
PATH="$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"; export PATH
hr_files='/proc/stat /proc/loadavg /proc/meminfo /proc/diskstats /proc/net/dev /proc/sys/fs/file-nr /proc/uptime'
hr_routine() { tail -n +1 $hr_files </dev/null 2>/dev/null; }
hr_mark() { printf '\n@hr %s %s\n' "$hr_nonce" "$*"; }
hr_limited() {
  if [ -z "$hr_timeout" ]; then
    hr_timeout=none
    timeout 5 true >/dev/null 2>&1 && hr_timeout=plain
  fi
  if [ "$hr_timeout" = plain ]; then timeout 8 "$@"; else "$@"; fi
}
hr_filesystems() {
  hr_mark mounts; cat /proc/self/mounts
  hr_mark blocks; hr_limited df -kP; hr_status=$?
  hr_mark blocks_status $hr_status
  [ $hr_status -ge 124 ] && return
  hr_mark inodes; hr_limited df -iP
}
hr_processes() {
  hr_mark processes; cut -d' ' -f1-39 /proc/uptime /proc/[0-9]*/stat
  hr_mark owners
  if command -v stat >/dev/null; then stat -c '%u %n' /proc/[0-9]*; else ls -ldn /proc/[0-9]*; fi
}
hr_facts() {
  hr_mark hostname; hostname || uname -n
  hr_mark kernel; uname -r
  hr_mark architecture; uname -m
  hr_mark os; cat /etc/os-release || cat /usr/lib/os-release
  hr_mark cpu; grep -E -m 1 '^(model name|cpu model|Processor|cpu)[[:space:]]*:' /proc/cpuinfo
  hr_mark ticks; getconf CLK_TCK
  hr_mark page; getconf PAGESIZE
  hr_mark smaps; grep -m 1 KernelPageSize /proc/self/smaps
  hr_mark users; cut -d: -f1,3 /etc/passwd
}
hr_slow() {
  hr_nonce=$1; shift
  for hr_part in "$@"; do "hr_$hr_part"; done </dev/null 2>/dev/null
  hr_mark end
}
"#;
