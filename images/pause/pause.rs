//! The program that holds a pod's namespaces: it reaps the processes that the pod's containers leave behind, and ends when
//! it is told to (SIGTERM, SIGINT).
//!
//! It is every pod's first process and does nothing all day, so it is kept to the bone: no standard library, no C library,
//! no allocation, one page of code. Signals are blocked and waited for, which needs no handlers; a blocked signal reaches
//! process 1 although an unhandled one would not.

#![no_std]
#![no_main]

use core::arch::{asm, global_asm};

const SIGINT: isize = 2;
const SIGTERM: isize = 15;
const SIGCHLD: isize = 17;
const SIG_BLOCK: usize = 0;
const WNOHANG: usize = 1;

#[cfg(target_arch = "x86_64")]
mod number {
    pub const RT_SIGPROCMASK: usize = 14;
    pub const WAIT4: usize = 61;
    pub const RT_SIGTIMEDWAIT: usize = 128;
    pub const EXIT_GROUP: usize = 231;
}

#[cfg(target_arch = "aarch64")]
mod number {
    pub const RT_SIGPROCMASK: usize = 135;
    pub const WAIT4: usize = 260;
    pub const RT_SIGTIMEDWAIT: usize = 137;
    pub const EXIT_GROUP: usize = 94;
}

// The kernel enters with the stack pointer at the arguments, which are not needed; a function expects it aligned below a
// return address.
#[cfg(target_arch = "x86_64")]
global_asm!(".globl _start", "_start:", "xor ebp, ebp", "and rsp, -16", "call {hold}", "ud2", hold = sym hold);

#[cfg(target_arch = "aarch64")]
global_asm!(".globl _start", "_start:", "mov x29, #0", "mov x30, #0", "bl {hold}", "brk #0", hold = sym hold);

extern "C" fn hold() -> ! {
    let signals: u64 = [SIGINT, SIGTERM, SIGCHLD].iter().fold(0, |set, signal| set | 1 << (signal - 1));
    let set = &raw const signals as usize;
    call(number::RT_SIGPROCMASK, [SIG_BLOCK, set, 0, size_of::<u64>()]);
    loop {
        match call(number::RT_SIGTIMEDWAIT, [set, 0, 0, size_of::<u64>()]) {
            SIGCHLD => while call(number::WAIT4, [usize::MAX, 0, WNOHANG, 0]) > 0 {},
            SIGINT | SIGTERM => drop(call(number::EXIT_GROUP, [0; 4])),
            _ => {}
        }
    }
}

#[cfg(target_arch = "x86_64")]
fn call(number: usize, [a, b, c, d]: [usize; 4]) -> isize {
    let result;
    // SAFETY: of the four calls made here, only those with the signal set are given memory, which outlives them and which
    // they read.
    unsafe {
        asm!("syscall", inlateout("rax") number as isize => result, in("rdi") a, in("rsi") b, in("rdx") c, in("r10") d,
             lateout("rcx") _, lateout("r11") _, options(nostack));
    }
    result
}

#[cfg(target_arch = "aarch64")]
fn call(number: usize, [a, b, c, d]: [usize; 4]) -> isize {
    let result;
    // SAFETY: as above.
    unsafe {
        asm!("svc 0", in("x8") number, inlateout("x0") a as isize => result, in("x1") b, in("x2") c, in("x3") d,
             options(nostack));
    }
    result
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
