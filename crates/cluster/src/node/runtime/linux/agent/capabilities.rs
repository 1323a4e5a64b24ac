//! A process's capability sets.

use std::io;

use nix::errno::Errno;

use super::sys;

/// One bit for every number a capability can have; the kernel ignores those it does not know.
pub(super) const NUMBERS: u8 = 64;

/// Leaves only the capabilities of `mask` (one bit per number) in the bounding set: nothing this process starts can
/// ever have others.
pub(super) fn bound(mask: u64) -> io::Result<()> {
    for number in (0..NUMBERS).filter(|number| mask & (1 << number) == 0) {
        match sys::prctl(libc::PR_CAPBSET_DROP, number.into()) {
            // Past the last capability of this kernel.
            Err(error) if error.raw_os_error() == Some(Errno::EINVAL as i32) => return Ok(()),
            result => result?,
        }
    }
    Ok(())
}

/// Leaves only the capabilities of `mask` in the sets this process has now; none is handed on by force.
pub(super) fn limit(mask: u64) -> io::Result<()> {
    sys::prctl(libc::PR_CAP_AMBIENT, libc::PR_CAP_AMBIENT_CLEAR_ALL as libc::c_ulong)?;
    sys::set_capabilities(mask)
}
