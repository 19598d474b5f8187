package reward

import (
	"fmt"
	"math"
	"math/big"
)

// tzIntOp computes on integers as Python does: division of integers gives a float.
func tzIntOp(op string, a, b *big.Int) (tzValue, error) {
	z := new(big.Int)
	switch op {
	case "+":
		z.Add(a, b)
	case "-":
		z.Sub(a, b)
	case "*":
		if n := a.BitLen() + b.BitLen(); n > tzMaxBits {
			return nil, tzTooLarge(n)
		}
		z.Mul(a, b)
	case "//":
		if b.Sign() == 0 {
			return nil, errDivision
		}
		if _, m := z.QuoRem(a, b, new(big.Int)); m.Sign() != 0 && m.Sign() != b.Sign() {
			z.Sub(z, big.NewInt(1)) // towards minus infinity
		}
	case "/":
		return tzDivide(a, b)
	case "**":
		return tzIntPower(a, b)
	default:
		return nil, fmt.Errorf("%w: operator %s", errType, op)
	}
	return tzInt{z}, nil
}

func tzTooLarge(bits int) error {
	return undecided(fmt.Sprintf("an integer of about %d bits: more than %d are not computed", bits, tzMaxBits))
}

// tzDivide returns the float that is nearest to a/b, ties to even.
func tzDivide(a, b *big.Int) (tzValue, error) {
	if b.Sign() == 0 {
		return nil, errDivision
	}
	negative := (a.Sign() < 0) != (b.Sign() < 0)
	size := a.BitLen() - b.BitLen() // a/b is within 2^(size-1) and 2^(size+1)
	var f float64
	switch {
	case a.Sign() == 0 || size < -1100:
		f = 0
	case size > 1030:
		f = math.Inf(1)
	default:
		// 70 bits of the quotient and one that tells whether there are more: enough to round
		// once, below the smallest normal number too.
		shift := 70 - size
		x, y := new(big.Int).Abs(a), new(big.Int).Abs(b)
		if shift >= 0 {
			x.Lsh(x, uint(shift))
		} else {
			y.Lsh(y, uint(-shift))
		}
		q, r := new(big.Int).QuoRem(x, y, new(big.Int))
		q.Lsh(q, 1)
		if r.Sign() != 0 {
			q.SetBit(q, 0, 1)
		}
		z := new(big.Float).SetInt(q)
		f, _ = z.SetMantExp(z, -shift-1).Float64()
	}
	if math.IsInf(f, 0) {
		return nil, fmt.Errorf("%w: integer division result too large for a float", errOverflow)
	}
	if negative {
		f = -f
	}
	return tzFloat(f), nil
}

// tzIntPower computes a ** b: an integer, or a float where b is negative.
func tzIntPower(a, b *big.Int) (tzValue, error) {
	if b.Sign() < 0 {
		x, err := tzToFloat(tzInt{a})
		if err != nil {
			return nil, err
		}
		y, err := tzToFloat(tzInt{b})
		if err != nil {
			return nil, err
		}
		return tzFloatOp("**", x, y)
	}
	if a.BitLen() <= 1 { // -1, 0 or 1
		switch {
		case b.Sign() == 0:
			return tzInt{big.NewInt(1)}, nil
		case a.Sign() < 0 && b.Bit(0) == 0:
			return tzInt{big.NewInt(1)}, nil
		}
		return tzInt{a}, nil
	}
	if !b.IsInt64() || b.Int64() > tzMaxBits || int64(a.BitLen())*b.Int64() > tzMaxBits+b.Int64() {
		return nil, undecided(fmt.Sprintf("a power of more than %d bits is not computed", tzMaxBits))
	}
	return tzInt{new(big.Int).Exp(a, b, nil)}, nil
}
