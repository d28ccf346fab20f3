;; y = W x for W in the blocks of the file. x comes as whole numbers of 16 bits with one scale a block of 32, so that a block is
;; eight products of whole numbers at a time, and one scale at the end.
;; Where that is too rough, two whole numbers stand for each x: the nearest one, and 32767 times what is left.
;; Memory: every 16-bit float as a 32-bit one at 0 (products.js, HALF); simd.js says where the rest stands.
(module
  (memory (export "memory") 5)

  ;; the four numbers of v, added up
  (func $sum (param $v v128) (result f32)
    (f32.add
      (f32.add (f32x4.extract_lane 0 (local.get $v)) (f32x4.extract_lane 1 (local.get $v)))
      (f32.add (f32x4.extract_lane 2 (local.get $v)) (f32x4.extract_lane 3 (local.get $v)))))

  ;; Q4_1, 20 bytes a block: scale, least, 32 codes of 4 bits.
  ;; row of y = sum over blocks of scale * scale of x * (codes . x) + least * (sum of x)
  (func (export "four") (param $w i32) (param $rows i32) (param $blocks i32) (param $x i32) (param $scales i32) (param $y i32)
    (local $end i32) (local $left i32) (local $xs i32) (local $ss i32)
    (local $low v128) (local $high v128) (local $total v128) (local $shift f32)
    (local.set $end (i32.add (local.get $y) (i32.shl (local.get $rows) (i32.const 2))))
    (loop $row
      (local.set $total (v128.const f32x4 0 0 0 0))
      (local.set $shift (f32.const 0))
      (local.set $xs (local.get $x))
      (local.set $ss (local.get $scales))
      (local.set $left (local.get $blocks))
      (loop $block
        (local.set $low (v128.load offset=4 (local.get $w)))
        (local.set $high (i8x16.shr_u (local.get $low) (i32.const 4)))
        (local.set $low (v128.and (local.get $low) (v128.const i32x4 0x0f0f0f0f 0x0f0f0f0f 0x0f0f0f0f 0x0f0f0f0f)))
        (local.set $total (f32x4.add (local.get $total) (f32x4.mul
          (f32x4.mul
            (v128.load32_splat (i32.shl (i32.load16_u (local.get $w)) (i32.const 2)))
            (v128.load32_splat (local.get $ss)))
          (f32x4.convert_i32x4_s (i32x4.add
            (i32x4.add
              (i32x4.dot_i16x8_s (i16x8.extend_low_i8x16_u (local.get $low)) (v128.load (local.get $xs)))
              (i32x4.dot_i16x8_s (i16x8.extend_high_i8x16_u (local.get $low)) (v128.load offset=16 (local.get $xs))))
            (i32x4.add
              (i32x4.dot_i16x8_s (i16x8.extend_low_i8x16_u (local.get $high)) (v128.load offset=32 (local.get $xs)))
              (i32x4.dot_i16x8_s (i16x8.extend_high_i8x16_u (local.get $high)) (v128.load offset=48 (local.get $xs)))))))))
        (local.set $shift (f32.add (local.get $shift) (f32.mul
          (f32.load (i32.shl (i32.load16_u offset=2 (local.get $w)) (i32.const 2)))
          (f32.load offset=4 (local.get $ss)))))
        (local.set $w (i32.add (local.get $w) (i32.const 20)))
        (local.set $xs (i32.add (local.get $xs) (i32.const 64)))
        (local.set $ss (i32.add (local.get $ss) (i32.const 8)))
        (br_if $block (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
      (f32.store (local.get $y) (f32.add (local.get $shift) (call $sum (local.get $total))))
      (br_if $row (i32.lt_u (local.tee $y (i32.add (local.get $y) (i32.const 4))) (local.get $end)))))

  ;; The same with the second whole numbers, 8192 bytes behind the first:
  ;; row of y = sum over blocks of scale * scale of x * (codes . x + codes . left / 32767) + least * (sum of x)
  (func (export "four_fine") (param $w i32) (param $rows i32) (param $blocks i32) (param $x i32) (param $scales i32) (param $y i32)
    (local $end i32) (local $left i32) (local $xs i32) (local $ss i32)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128) (local $total v128) (local $shift f32)
    (local.set $end (i32.add (local.get $y) (i32.shl (local.get $rows) (i32.const 2))))
    (loop $row
      (local.set $total (v128.const f32x4 0 0 0 0))
      (local.set $shift (f32.const 0))
      (local.set $xs (local.get $x))
      (local.set $ss (local.get $scales))
      (local.set $left (local.get $blocks))
      (loop $block
        (local.set $b (v128.load offset=4 (local.get $w)))
        (local.set $d (i8x16.shr_u (local.get $b) (i32.const 4)))
        (local.set $b (v128.and (local.get $b) (v128.const i32x4 0x0f0f0f0f 0x0f0f0f0f 0x0f0f0f0f 0x0f0f0f0f)))
        (local.set $a (i16x8.extend_low_i8x16_u (local.get $b)))
        (local.set $b (i16x8.extend_high_i8x16_u (local.get $b)))
        (local.set $c (i16x8.extend_low_i8x16_u (local.get $d)))
        (local.set $d (i16x8.extend_high_i8x16_u (local.get $d)))
        (local.set $total (f32x4.add (local.get $total) (f32x4.mul
          (f32x4.mul
            (v128.load32_splat (i32.shl (i32.load16_u (local.get $w)) (i32.const 2)))
            (v128.load32_splat (local.get $ss)))
          (f32x4.add
            (f32x4.convert_i32x4_s (i32x4.add
              (i32x4.add
                (i32x4.dot_i16x8_s (local.get $a) (v128.load (local.get $xs)))
                (i32x4.dot_i16x8_s (local.get $b) (v128.load offset=16 (local.get $xs))))
              (i32x4.add
                (i32x4.dot_i16x8_s (local.get $c) (v128.load offset=32 (local.get $xs)))
                (i32x4.dot_i16x8_s (local.get $d) (v128.load offset=48 (local.get $xs))))))
            (f32x4.mul (v128.const f32x4 0x1.0002p-15 0x1.0002p-15 0x1.0002p-15 0x1.0002p-15)
              (f32x4.convert_i32x4_s (i32x4.add
                (i32x4.add
                  (i32x4.dot_i16x8_s (local.get $a) (v128.load offset=8192 (local.get $xs)))
                  (i32x4.dot_i16x8_s (local.get $b) (v128.load offset=8208 (local.get $xs))))
                (i32x4.add
                  (i32x4.dot_i16x8_s (local.get $c) (v128.load offset=8224 (local.get $xs)))
                  (i32x4.dot_i16x8_s (local.get $d) (v128.load offset=8240 (local.get $xs)))))))))))
        (local.set $shift (f32.add (local.get $shift) (f32.mul
          (f32.load (i32.shl (i32.load16_u offset=2 (local.get $w)) (i32.const 2)))
          (f32.load offset=4 (local.get $ss)))))
        (local.set $w (i32.add (local.get $w) (i32.const 20)))
        (local.set $xs (i32.add (local.get $xs) (i32.const 64)))
        (local.set $ss (i32.add (local.get $ss) (i32.const 8)))
        (br_if $block (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
      (f32.store (local.get $y) (f32.add (local.get $shift) (call $sum (local.get $total))))
      (br_if $row (i32.lt_u (local.tee $y (i32.add (local.get $y) (i32.const 4))) (local.get $end)))))

  ;; Q8_0, 34 bytes a block: scale, 32 codes of 8 bits.
  ;; row of y = sum over blocks of scale * scale of x * (codes . x)
  (func (export "eight") (param $w i32) (param $rows i32) (param $blocks i32) (param $x i32) (param $scales i32) (param $y i32)
    (local $end i32) (local $left i32) (local $xs i32) (local $ss i32)
    (local $first v128) (local $second v128) (local $total v128)
    (local.set $end (i32.add (local.get $y) (i32.shl (local.get $rows) (i32.const 2))))
    (loop $row
      (local.set $total (v128.const f32x4 0 0 0 0))
      (local.set $xs (local.get $x))
      (local.set $ss (local.get $scales))
      (local.set $left (local.get $blocks))
      (loop $block
        (local.set $first (v128.load offset=2 (local.get $w)))
        (local.set $second (v128.load offset=18 (local.get $w)))
        (local.set $total (f32x4.add (local.get $total) (f32x4.mul
          (f32x4.mul
            (v128.load32_splat (i32.shl (i32.load16_u (local.get $w)) (i32.const 2)))
            (v128.load32_splat (local.get $ss)))
          (f32x4.convert_i32x4_s (i32x4.add
            (i32x4.add
              (i32x4.dot_i16x8_s (i16x8.extend_low_i8x16_s (local.get $first)) (v128.load (local.get $xs)))
              (i32x4.dot_i16x8_s (i16x8.extend_high_i8x16_s (local.get $first)) (v128.load offset=16 (local.get $xs))))
            (i32x4.add
              (i32x4.dot_i16x8_s (i16x8.extend_low_i8x16_s (local.get $second)) (v128.load offset=32 (local.get $xs)))
              (i32x4.dot_i16x8_s (i16x8.extend_high_i8x16_s (local.get $second)) (v128.load offset=48 (local.get $xs)))))))))
        (local.set $w (i32.add (local.get $w) (i32.const 34)))
        (local.set $xs (i32.add (local.get $xs) (i32.const 64)))
        (local.set $ss (i32.add (local.get $ss) (i32.const 8)))
        (br_if $block (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
      (f32.store (local.get $y) (call $sum (local.get $total)))
      (br_if $row (i32.lt_u (local.tee $y (i32.add (local.get $y) (i32.const 4))) (local.get $end))))))
