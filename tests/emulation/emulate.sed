# CUDA C++ to C++ for tests/emulation/device.h (sed -z -E): launches become calls, dynamic shared memory a pointer.
s/<<</\x01/g
s/>>>\(/\x02/g
s/([A-Za-z_][A-Za-z_0-9]*(<[^<>;]*>)?)\x01([^\x01\x02]*)\x02/naru::emulation::launch(naru::emulation::Config{\3}, [=](const auto\&... arguments) { \1(arguments...); }, /g
s/\x01/<<</g
s/\x02/>>>(/g
s/extern __shared__ ([a-z ]+) ([a-z_]+)\[\];/\1* const \2 = naru::emulation::dynamic_shared<\1>();/g
