-- Dissects captures of `busbar capture` (pcapng, LINKTYPE_USER0). The format is described at the head
-- of src/layers/command/capture/record.ts; a record of another version is shown as data.
--
--   tshark -X lua_script:busbar.lua -r x.pcapng -Y 'busbar.type contains "thermostat"'

local busbar = Proto("busbar", "Busbar")

local kinds = { [0] = "sent", [1] = "undelivered", [2] = "lost" }
local roles = { [0] = "call", [1] = "emission", [2] = "set", [3] = "subscribe" }
local answers = {
  [0] = "result", [1] = "error", [2] = "busy", [3] = "item", [4] = "items", [5] = "end",
  [6] = "credit", [7] = "cancel",
}
local codecs = { [0] = "msgpack", [1] = "json" }
local answer_type = "5d93b0e0d5e954a68d340be35c7f0804"
local plain_type = "cfcd8a31b14a5916b6b74d4c21123408"

local f = {
  version = ProtoField.uint8("busbar.version", "Version"),
  kind = ProtoField.uint8("busbar.kind", "Kind", base.DEC, kinds),
  unicast = ProtoField.bool("busbar.unicast", "Unicast"),
  again = ProtoField.bool("busbar.again", "Again"),
  from_id = ProtoField.uint64("busbar.from.id", "From, id"),
  from_pid = ProtoField.uint32("busbar.from.pid", "From, process"),
  from_label = ProtoField.string("busbar.from.label", "From, label"),
  lost = ProtoField.uint64("busbar.lost", "Lost"),
  id = ProtoField.uint64("busbar.id", "Id"),
  reply_to = ProtoField.uint64("busbar.reply_to", "Reply to"),
  type_id = ProtoField.guid("busbar.type_id", "Type, UUID"),
  type = ProtoField.string("busbar.type", "Type"),
  format = ProtoField.uint16("busbar.format", "Format", base.HEX),
  role = ProtoField.string("busbar.role", "Role"),
  objects = ProtoField.uint16("busbar.objects", "Objects"),
  regions = ProtoField.uint16("busbar.regions", "Regions"),
  bytes = ProtoField.uint32("busbar.bytes", "Bytes"),
  receivers = ProtoField.uint32("busbar.receivers", "Receivers"),
  to_id = ProtoField.uint64("busbar.to.id", "To, id"),
  to_pid = ProtoField.uint32("busbar.to.pid", "To, process"),
  to_label = ProtoField.string("busbar.to.label", "To, label"),
  reason = ProtoField.string("busbar.reason", "Reason"),
  metadata = ProtoField.bytes("busbar.metadata", "Metadata"),
  deadline = ProtoField.uint32("busbar.metadata.deadline", "Deadline, ms left"),
  credit_items = ProtoField.uint32("busbar.metadata.credit.items", "Credit, items"),
  credit_bytes = ProtoField.uint32("busbar.metadata.credit.bytes", "Credit, bytes"),
  trace = ProtoField.bytes("busbar.metadata.trace", "Trace"),
  attempt = ProtoField.uint8("busbar.metadata.attempt", "Attempt"),
  payload = ProtoField.bytes("busbar.payload", "Payload"),
}
for _, field in pairs(f) do
  table.insert(busbar.fields, field)
end

local damaged = ProtoExpert.new(
  "busbar.damaged", "The record ends too early", expert.group.MALFORMED, expert.severity.ERROR)
busbar.experts = { damaged }

-- A reader of one record: adds fields to the tree and goes on behind them.
local function reader(buffer, tree)
  local at = 0
  local self = {}

  function self.left()
    return buffer:len() - at
  end

  function self.skip(bytes)
    if self.left() < bytes then error("busbar: short") end
    at = at + bytes
    return buffer(at - bytes, bytes)
  end

  function self.number(field, bytes)
    local range = self.skip(bytes)
    if field then tree:add_le(field, range) end
    return bytes == 8 and range:le_uint64() or range:le_uint()
  end

  function self.text(field)
    local length = self.skip(1):uint()
    if length == 0 then return "" end
    local range = self.skip(length)
    tree:add(field, range, range:string(ENC_UTF_8))
    return range:string(ENC_UTF_8)
  end

  return self
end

-- The fields of metadata: tag, length, value. See docs/guide/metadata.md.
local function dissect_metadata(range, tree)
  local sub = tree:add(f.metadata, range)
  local buffer = range:tvb()
  if buffer:len() < 2 or buffer(0, 1):uint() ~= 1 then return end
  local at = 2
  while at + 2 <= buffer:len() do
    local tag, length = buffer(at, 1):uint(), buffer(at + 1, 1):uint()
    at = at + 2
    if at + length > buffer:len() then return end
    if tag == 1 and length == 4 then
      sub:add_le(f.deadline, buffer(at, 4))
    elseif tag == 2 and length == 8 then
      sub:add_le(f.credit_items, buffer(at, 4))
      sub:add_le(f.credit_bytes, buffer(at + 4, 4))
    elseif tag == 3 and length > 0 then
      sub:add(f.trace, buffer(at, length))
    elseif tag == 8 and length == 1 then
      sub:add(f.attempt, buffer(at, 1))
    end
    at = at + length
  end
end

-- What a message is in a call; only the types of interfaces have roles.
local function role_of(type_id, type_name, format)
  if type_id == answer_type then return answers[format % 16] end
  if string.find(type_name, "/%d+%.") then return roles[format % 16] end
  return nil
end

-- Wireshark reads MessagePack and JSON itself.
local function dissect_payload(range, codec, pinfo, tree)
  local ok, dissector = pcall(Dissector.get, codec)
  if not ok or not dissector then return end
  pcall(dissector.call, dissector, range:tvb(), pinfo, tree)
end

local function dissect_message(read, pinfo, tree)
  read.number(f.id, 8)
  local reply_to = read.skip(8)
  if reply_to:le_uint64() ~= UInt64(0) then tree:add_le(f.reply_to, reply_to) end
  local type_range = read.skip(16)
  tree:add(f.type_id, type_range)
  local type_id = tostring(type_range:bytes()):lower()
  local name = read.text(f.type)
  local format = read.number(f.format, 2)
  local role = role_of(type_id, name, format)
  if role then tree:add(f.role, role):set_generated() end
  read.number(f.objects, 2)
  read.number(f.regions, 2)
  local bytes = read.number(f.bytes, 4)
  local receivers = read.number(f.receivers, 4)
  local first
  for _ = 1, read.number(nil, 2) do
    local id = read.number(f.to_id, 8)
    read.number(f.to_pid, 4)
    local label = read.text(f.to_label)
    first = first or (label ~= "" and label or "#" .. tostring(id))
  end
  local reason = read.text(f.reason)
  local metadata = read.skip(1):uint()
  if metadata > 0 then dissect_metadata(read.skip(metadata), tree) end
  local payload = read.left()
  local whole = payload == bytes
  if payload > 0 then
    local range = read.skip(payload)
    tree:add(f.payload, range)
    -- The codec is in the format word of a call, and MessagePack is the default of all messages.
    local codec = role and codecs[math.floor(format / 16) % 16] or "msgpack"
    if whole and (role or type_id == plain_type) then dissect_payload(range, codec, pinfo, tree) end
  end
  pinfo.cols.dst = receivers > 1 and string.format("%s and %d more", first or "?", receivers - 1)
    or first or "nobody"
  local shown = name ~= "" and name or string.sub(type_id, 1, 8)
  pinfo.cols.info = string.format(
    "%s%s, %d bytes%s", shown, role and " " .. role or "", bytes,
    reason ~= "" and ", undelivered: " .. reason or "")
end

function busbar.dissector(buffer, pinfo, root)
  if buffer:len() < 4 or buffer(0, 1):uint() ~= 1 then return 0 end
  pinfo.cols.protocol = "busbar"
  local tree = root:add(busbar, buffer())
  local read = reader(buffer, tree)
  local complete, problem = pcall(function()
    read.number(f.version, 1)
    local kind = read.number(f.kind, 1)
    local flags = read.skip(2)
    tree:add(f.unicast, flags, flags:le_uint() % 2 == 1)
    tree:add(f.again, flags, math.floor(flags:le_uint() / 2) % 2 == 1)
    local id = read.number(f.from_id, 8)
    read.number(f.from_pid, 4)
    local label = read.text(f.from_label)
    pinfo.cols.src = label ~= "" and label or "#" .. tostring(id)
    if kind == 2 then
      local lost = read.number(f.lost, 8)
      pinfo.cols.info = tostring(lost) .. " messages were lost"
    else
      dissect_message(read, pinfo, tree)
    end
  end)
  if not complete then
    if not string.find(tostring(problem), "busbar: short") then error(problem) end
    tree:add_proto_expert_info(damaged)
  end
  return buffer:len()
end

DissectorTable.get("wtap_encap"):add(wtap.USER0, busbar)
