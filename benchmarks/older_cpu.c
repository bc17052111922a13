/* Lets a program see an older x86 CPU: CPUID answers without the newer instructions.
 *
 * For benchmarks/older_cpu.py, which builds it and loads it by LD_PRELOAD. CPU_LEVEL says which:
 * 0 AVX2; 1 AVX-512 without VNNI; 2 VNNI without AMX. Needs Linux on a CPU that can fault on CPUID.
 */
#define _GNU_SOURCE
#include <cpuid.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define ARCH_SET_CPUID 0x1012

static int level = 3;

static void answer(int signal_number, siginfo_t *info, void *context) {
  (void)signal_number;
  (void)info;
  greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
  const unsigned char *code = (const unsigned char *)registers[REG_RIP];
  if (code[0] != 0x0f || code[1] != 0xa2) { /* a fault of the program's own */
    signal(SIGSEGV, SIG_DFL);
    return;
  }
  unsigned a, b, c, d, leaf = registers[REG_RAX], part = registers[REG_RCX];
  syscall(SYS_arch_prctl, ARCH_SET_CPUID, 1);
  __cpuid_count(leaf, part, a, b, c, d);
  syscall(SYS_arch_prctl, ARCH_SET_CPUID, 0);
  if (leaf == 7 && part == 0) {
    d &= ~(1u << 22 | 1u << 24 | 1u << 25); /* AMX: bf16, tiles, int8 */
    d &= ~(1u << 23);                       /* AVX-512 fp16 */
    if (level < 2) c &= ~(1u << 1 | 1u << 6 | 1u << 11 | 1u << 12 | 1u << 14); /* VNNI and company */
    if (level < 1) b &= ~(1u << 16 | 1u << 17 | 1u << 21 | 1u << 28 | 1u << 30 | 1u << 31);
  }
  if (leaf == 7 && part == 1) {
    a &= ~(1u << 21);                      /* AMX fp16 */
    if (level < 2) a &= ~(1u << 4 | 1u << 5); /* AVX-VNNI, AVX-512 bf16 */
    if (level < 2) d &= ~(1u << 4 | 1u << 5 | 1u << 10); /* AVX-VNNI-INT8, -INT16 */
  }
  registers[REG_RAX] = a;
  registers[REG_RBX] = b;
  registers[REG_RCX] = c;
  registers[REG_RDX] = d;
  registers[REG_RIP] += 2;
}

__attribute__((constructor)) static void begin(void) {
  const char *given = getenv("CPU_LEVEL");
  if (given == NULL) return;
  level = atoi(given);
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = answer;
  action.sa_flags = SA_SIGINFO | SA_NODEFER;
  sigaction(SIGSEGV, &action, NULL);
  syscall(SYS_arch_prctl, ARCH_SET_CPUID, 0);
}
