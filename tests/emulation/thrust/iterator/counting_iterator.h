/// Thrust's counting iterator for the emulated device.
#pragma once

namespace thrust {

template <class T>
struct counting_iterator {
  T first;
  T operator[](T n) const { return first + n; }
};
template <class T>
counting_iterator<T> make_counting_iterator(T first) {
  return {first};
}

}  // namespace thrust
