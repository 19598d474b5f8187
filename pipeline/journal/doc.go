// Package journal is an append-only log of records in a folder: the truth of a run. What Append has
// acknowledged is on disk, and is found again after the process or the machine dies at any moment.
//
// # Files
//
//	lock               held by the process that writes
//	00000001.journal   segments, numbered from 1 without a gap; only the last is written to
//	00000002.journal
//
// # Bytes
//
// Numbers are little endian. CRC is CRC-32C (Castagnoli). A segment is a header and frames:
//
//	0         8         12        16                  28        32
//	+---------+---------+---------+-------------------+---------+-------+-------+---
//	| MULLIGAN| version | segment | identity of       | CRC of  | frame | frame | ...
//	|         | 1       | number  | the journal,      | bytes   |       |       |
//	|         |         |         | chosen by chance  | 0..27   |       |       |
//	+---------+---------+---------+-------------------+---------+-------+-------+---
//
// A frame is a record:
//
//	0       2      3       4         8           24          40        44         48
//	+-------+------+-------+---------+-----------+-----------+---------+----------+---------
//	| D7 4A | kind | flags | payload | key       | owner     | CRC of  | CRC of   | payload
//	|       |      |       | length  |           |           | 0..39   | payload  |
//	+-------+------+-------+---------+-----------+-----------+---------+----------+---------
//
//	flags  1  the payload is the body compressed with S2; else it is the body
//	       2  more: the next frame belongs to the same Append
//	       4  barrier: all that lies before this frame was on disk before this frame was written
//
// The CRC of a frame's header begins with the CRC of the segment's header XOR the frame's offset,
// and that of the payload with that of the frame's header. So a frame is valid in one place of one
// journal only: neither a block of an old file nor the text of a model, which may hold any bytes,
// passes for one.
//
// Frames of kind 0 are marks of the journal. They have the barrier flag and no payload. The first
// byte of the key says which: 1, the journal was closed here in good order; 2, the segment ends here
// and the next goes on.
//
// # Writing
//
// One goroutine writes. While one group of records is on its way to the disk (one write, one fsync),
// the appends that come in make the next; its first frame has the barrier flag. When a segment is
// full, the next is made, its header and its name are synced, then the old one gets its end mark and
// is synced, then the new one is used. An error of a write or an fsync is final, because what the
// kernel holds after it is not known: the journal takes the group back by truncation if it can, and
// writes no more. An Append that returned an error may have been written all the same.
//
// # Recovery
//
// Frames are read in order, and the records of one Append are taken together or not at all. What is
// not valid is damage (CorruptError, nothing is changed) unless it is a torn tail, which is left out,
// cut by Open, and said in Recovery. It is a torn tail if all of this holds:
//
//   - It lies in the last segment. A file after it that has no frame, left by a crash while a
//     segment was made, does not count and is removed.
//   - No frame with the barrier flag follows. Such a frame proves that the bytes before it were on
//     disk, so that no crash explains them.
//   - No valid frame follows at all, or the bytes up to it hold a sector (512 bytes, or what of it
//     belongs there) of zeros: a disk may have written later sectors of a group and not that one.
//
// Before Open returns, all that it found is synced, because a run builds upon it.
//
// What cannot be told apart: when damage hits the last group that was written before the process
// died, in a way that no valid frame follows, it looks like a write that was cut short. It is then
// cut, and said, although its records may have been acknowledged. Damage before that group, or after
// a Close, is always told. A journal from which the end was taken at the border of two appends, or
// whose only file was emptied, looks like a shorter one. The loss of a whole file is noticed.
package journal
